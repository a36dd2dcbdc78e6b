import { svg } from "./dom"
import type { KhqrView } from "./view"

const CHECK = `<path d="m15 25 6.5 6.5L34 18"/>`
const CLOCK = `<circle cx="24" cy="24" r="11"/><path d="M24 17.5V24l4.5 3"/>`
const CROSS = `<path d="m17 17 14 14m0-14L17 31"/>`
const PERSON = `<circle cx="24" cy="19.5" r="5"/><path d="M14.5 34c1-5.6 4.8-8 9.5-8s8.5 2.4 9.5 8"/>`
const BACK = `<path d="M18 15.500 12.500 21l5.500 5.500"/><path d="M13 21h14a6.500 6.500 0 0 1 0 13h-6"/>`
const CLOUD = `<path d="M18 32h13a6 6 0 0 0 .6-12A9 9 0 0 0 15 21.5 5.4 5.4 0 0 0 18 32Z"/><path d="m14 14 20 22"/>`
const QUESTION = `<path d="M19.5 20a4.6 4.6 0 1 1 6.4 4.200c-1.3.6-1.9 1.5-1.9 2.800m0 5v.01"/>`

const ICONS: Record<KhqrView, string> = {
  loading: CLOCK,
  waiting: CLOCK,
  static_waiting: CLOCK,
  static_over: CLOCK,
  time_up: CLOCK,
  replaced: QUESTION,
  paid: CHECK,
  completed: CHECK,
  expired: CLOCK,
  failed: CROSS,
  in_review: PERSON,
  refunded: BACK,
  dismissed: PERSON,
  offline: CLOUD,
  not_found: QUESTION,
  misconfigured: CROSS,
}

export function icon(view: KhqrView): Element {
  return svg(
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48" fill="none" stroke="currentColor" stroke-width="3" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${ICONS[view]}</svg>`
  )
}
