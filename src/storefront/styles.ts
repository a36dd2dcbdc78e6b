const DARK = `
  --ink: #f3f1ee;
  --soft: #b9b4ad;
  --surface: #1d1b19;
  --line: #3b3733;
  --action: #f3f1ee;
  --action-ink: #1d1b19;
  --good: #6fd695;
  --good-back: #17301f;
  --bad: #ff9c94;
  --bad-back: #3b1c1a;
  --note: #f2c879;
  --note-back: #332712;
  color-scheme: dark;
`

/**
 * A shop changes the look with `--khqr-font`, `--khqr-radius`, `--khqr-surface`,
 * `--khqr-action`, `--khqr-action-ink`, and the parts named in the markup.
 */
export const styles = `
:host {
  --ink: #211d1a;
  --soft: #625b55;
  --surface: #fff;
  --line: #e2ddd7;
  --action: #211d1a;
  --action-ink: #fff;
  --good: #13693a;
  --good-back: #e3f5e9;
  --bad: #b3160f;
  --bad-back: #fdeae8;
  --note: #754c00;
  --note-back: #fdf2da;
  color-scheme: light;
  display: block;
  container-type: inline-size;
  min-width: 0;
}
:host([hidden]) { display: none; }
@media (prefers-color-scheme: dark) {
  :host(:not([theme="light"])) { ${DARK} }
}
:host([theme="dark"]) { ${DARK} }

* { box-sizing: border-box; margin: 0; }

.root {
  display: grid;
  grid-template: "head" auto "stage" auto "rest" auto / minmax(0, 1fr);
  gap: 16px;
  padding: 16px;
  color: var(--ink);
  background: var(--khqr-surface, var(--surface));
  border: 1px solid var(--line);
  border-radius: var(--khqr-radius, 16px);
  font: 400 16px/1.5 var(--khqr-font, system-ui, "Noto Sans Khmer", "Khmer OS Battambang", "Khmer Sangam MN", "Leelawadee UI", sans-serif);
  overflow-wrap: anywhere;
}
.root:lang(km) { line-height: 1.75; }

.head { grid-area: head; text-align: center; }
.stage { grid-area: stage; justify-self: center; }
.rest { grid-area: rest; display: grid; gap: 16px; align-content: start; }
.closed { grid-template-areas: "stage" "head" "rest"; }

h2 { font-size: 20px; line-height: 1.3; font-weight: 700; outline: 0; text-wrap: balance; }
h2:lang(km) { line-height: 1.6; }
.text { max-width: 560px; margin: 4px auto 0; color: var(--soft); text-wrap: pretty; }
.closed .text { text-wrap: balance; }

.card {
  width: min(100%, 300px);
  aspect-ratio: 20 / 29;
  background: #fff;
  border-radius: 14px;
  box-shadow: 0 1px 2px rgb(0 0 0 / .12), 0 8px 28px rgb(0 0 0 / .12);
  overflow: hidden;
  color-scheme: light;
}
.card > svg { display: block; width: 100%; height: 100%; }
.stage:has(.card) { width: 100%; display: grid; justify-items: center; }
.skeleton { background: linear-gradient(#e1232e 12%, #f2efeb 12%); opacity: .5; }

.icon {
  display: grid;
  place-items: center;
  width: 72px;
  height: 72px;
  border-radius: 50%;
  color: var(--note);
  background: var(--note-back);
}
.icon > svg { width: 64px; height: 64px; }
.good .icon { color: var(--good); background: var(--good-back); }
.bad .icon { color: var(--bad); background: var(--bad-back); }

dl { display: grid; gap: 4px; }
dl > div { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: 0 16px; }
dt { color: var(--soft); }
dd { font-weight: 600; font-variant-numeric: tabular-nums; }
.amount dd { font-size: 20px; font-weight: 700; }
.last-minute dd { color: var(--bad); }

.to-type {
  display: grid;
  gap: 8px;
  padding: 14px 16px 16px;
  border: 2px solid var(--ink);
  border-radius: 14px;
}
.to-type p:first-child { font-weight: 600; text-wrap: balance; }
.large { font-size: clamp(34px, 13cqi, 46px); line-height: 1.15; font-weight: 800; font-variant-numeric: tabular-nums; }
.large small { font-size: .42em; font-weight: 600; color: var(--soft); }

.receipt { display: grid; gap: 8px; }
.receipt[hidden], .fault[hidden] { display: none; }
label { font-weight: 600; }
input {
  width: 100%;
  min-width: 0;
  min-height: 48px;
  padding: 10px 14px;
  border: 1.5px solid var(--soft);
  border-radius: 12px;
  color: var(--ink);
  background: var(--khqr-surface, var(--surface));
  font: 400 16px/1.4 ui-monospace, "SF Mono", Menlo, Consolas, monospace;
}
input[aria-invalid="true"] { border-color: var(--bad); }
.hint { color: var(--soft); font-size: 14px; }
.fault { display: flex; gap: 10px; color: var(--bad); font-size: 15px; }
.fault.checking { color: var(--note); }

.notice {
  display: flex;
  gap: 10px;
  padding: 10px 12px;
  border-radius: 10px;
  color: var(--note);
  background: var(--note-back);
  font-size: 15px;
}
.notice[hidden] { display: none; }

.spinner {
  flex: none;
  width: 18px;
  height: 18px;
  margin-top: .2em;
  border: 2.5px solid currentColor;
  border-right-color: transparent;
  border-radius: 50%;
  animation: turn .9s linear infinite;
}
.text .spinner { display: inline-block; margin: 0 8px 0 0; vertical-align: -3px; }
@keyframes turn { to { rotate: 1turn; } }

button {
  width: 100%;
  min-height: 48px;
  padding: 10px 20px;
  border: 1.5px solid var(--khqr-action, var(--action));
  border-radius: 12px;
  color: var(--khqr-action-ink, var(--action-ink));
  background: var(--khqr-action, var(--action));
  font: inherit;
  font-weight: 600;
  cursor: pointer;
}
button.quiet { color: var(--ink); background: transparent; border-color: var(--soft); }
button[aria-disabled="true"] { opacity: .55; cursor: default; }
button:focus-visible, input:focus-visible {
  outline: 3px solid #2f7de1;
  outline-offset: 2px;
}

.unseen {
  position: absolute;
  width: 1px;
  height: 1px;
  overflow: hidden;
  clip-path: inset(50%);
  white-space: nowrap;
}

@container (min-width: 580px) {
  .root { padding: 28px; gap: 20px; }
  .root.open {
    grid-template: "stage head" auto "stage rest" 1fr / minmax(240px, 300px) minmax(0, 1fr);
    column-gap: 32px;
  }
  .open .head { text-align: start; }
  .closed .rest { width: min(100%, 380px); justify-self: center; }
  h2 { font-size: 24px; }
}
@media (prefers-reduced-motion: reduce) {
  .spinner { animation-duration: 6s; }
}
@media (forced-colors: active) {
  .card { forced-color-adjust: none; }
}
`
