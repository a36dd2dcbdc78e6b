/**
 * Work that never overlaps itself: who calls while it goes on has it done once
 * more afterwards, however many they are. What it throws is logged.
 */
export class Loop {
  protected running_: Promise<void> | null = null
  protected again_ = false
  protected stopped_ = false

  constructor(
    protected readonly work_: () => Promise<void>,
    protected readonly onError_: (error: Error) => void
  ) {}

  /** What is under way, until there is no more of it; `null` while there is none. */
  get running(): Promise<void> | null {
    return this.running_
  }

  get isStopped(): boolean {
    return this.stopped_
  }

  /** Now, or once more after what is under way. */
  run(): void {
    if (this.stopped_) {
      return
    }
    this.again_ = true
    this.running_ ??= this.run_()
  }

  /** What is under way comes to its end; nothing begins any more. */
  stop(): void {
    this.stopped_ = true
    this.again_ = false
  }

  protected async run_(): Promise<void> {
    while (this.again_) {
      this.again_ = false
      try {
        await this.work_()
      } catch (error) {
        this.onError_(error as Error)
      }
    }
    this.running_ = null
  }
}
