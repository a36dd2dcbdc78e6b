/** What `npm run bench -- --only plan` understands besides, as `parseArgs` wants it. */
export const PLAN_FLAGS = {
  sessions: { type: "string" },
  days: { type: "string" },
  seed: { type: "string" },
  payers: { type: "string" },
  median: { type: "string" },
  sigma: { type: "string" },
  "same-device": { type: "string" },
  taps: { type: "string" },
  announced: { type: "string" },
  quota: { type: "string" },
  list: { type: "string" },
  "bank-day": { type: "string" },
  traces: { type: "boolean" },
}

export const PLAN_HELP = `  plan:
    --sessions <list>   payment sessions a day (default 20,50,100,200)
    --days <n>          simulated days (default 30)
    --seed <n>          of the arrivals (default 1)
    --payers <share>    sessions that are paid (default 0.7)
    --median <s> --sigma <n>
                        from the KHQR to the payment, lognormal (default 40, 0.6)
    --same-device <share>
                        who pays on the device that shows the page (default 0.75)
    --taps <share>      payers who see nothing and tap "I have paid" (default 0.6)
    --announced <share> payments that the shop's own systems announce within 3 s, in the
                        row that has them (default 0.9)
    --quota <n>|none    calls a day (default: 100 and none)
    --list on|off       whether one call may ask about many (default: both)
    --bank-day phnom-penh|utc|worse
                        where the bank's day begins (default: what is worse for us)
    --traces            only the five other worlds (by default they come last, unless
                        sessions, quota or list are given)`

/** @returns what `benchPlan` takes; @throws Error that names the flag */
export function planOptions(values, quick) {
  const share = (flag, fallback) => number(values, flag, fallback, 0, 1)
  return {
    sessions: (values.sessions ?? (quick ? "20,50" : "20,50,100,200"))
      .split(",")
      .map((text) => parsed("sessions", text, 1, 1_000)),
    days: number(values, "days", quick ? 4 : 30, 1, 400),
    seed: number(values, "seed", 1, 0, 2 ** 31),
    payers: share("payers", 0.7),
    median: number(values, "median", 40, 1, 500),
    sigma: number(values, "sigma", 0.6, 0, 3),
    sameDevice: share("same-device", 0.75),
    taps: share("taps", 0.6),
    announced: share("announced", 0.9),
    quota:
      values.quota === undefined
        ? "both"
        : values.quota === "none"
          ? null
          : number(values, "quota", 100, 1, 1e6),
    lists: oneOf(values, "list", { on: true, off: false }, "both"),
    bankDay: oneOf(
      values,
      "bank-day",
      { "phnom-penh": "phnom-penh", utc: "utc", worse: "worse" },
      "worse"
    ),
    parts: values.traces
      ? ["traces"]
      : ["sessions", "quota", "list"].some((flag) => values[flag] !== undefined)
        ? ["loads"]
        : ["loads", "traces"],
  }
}

function number(values, flag, fallback, least, most) {
  return values[flag] === undefined
    ? fallback
    : parsed(flag, values[flag], least, most)
}

function parsed(flag, text, least, most) {
  const value = text.trim() === "" ? NaN : Number(text)
  if (!(value >= least && value <= most)) {
    throw new Error(
      `--${flag} must be a number from ${least} to ${most}, not "${text}"`
    )
  }
  return value
}

function oneOf(values, flag, choices, fallback) {
  const text = values[flag]
  if (text !== undefined && !Object.hasOwn(choices, text)) {
    throw new Error(
      `--${flag} must be ${Object.keys(choices).join(" or ")}, not "${text}"`
    )
  }
  return text === undefined ? fallback : choices[text]
}
