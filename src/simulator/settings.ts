import { expectOnly, type Fields, InputError } from "./input"

type Values = Record<string, boolean | string>

/** Of every setting what it may be; the default stands first. */
export type Choices<Kind extends Values> = {
  readonly [Name in keyof Kind]: readonly Kind[Name][]
}

/** Settings that are changed while the simulator runs, each by its name. */
export class Settings<Kind extends Values> {
  protected readonly choices_: Choices<Kind>
  protected readonly initial_: Kind
  protected current_: Kind

  /** @throws {InputError} */
  constructor(choices: Choices<Kind>, input: Fields = {}) {
    this.choices_ = choices
    this.current_ = Object.fromEntries(
      Object.entries(choices).map(([name, [first]]) => [name, first])
    ) as Kind
    this.set(input)
    this.initial_ = this.current_
  }

  get current(): Readonly<Kind> {
    return this.current_
  }

  /** What is not named stays as it is. @throws {InputError} */
  set(input: Fields): void {
    expectOnly(input, Object.keys(this.choices_))
    const changes = Object.entries(input).filter(
      ([, value]) => value !== undefined
    )
    for (const [name, value] of changes) {
      const choices: readonly unknown[] = this.choices_[name]
      if (!choices.includes(value)) {
        throw new InputError(name, `must be one of ${choices.join(", ")}`)
      }
    }
    this.current_ = { ...this.current_, ...Object.fromEntries(changes) }
  }

  reset(): void {
    this.current_ = this.initial_
  }
}
