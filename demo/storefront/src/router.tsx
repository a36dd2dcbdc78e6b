import type { AnchorHTMLAttributes, MouseEvent } from "react"
import { useSyncExternalStore } from "react"

const NAVIGATED = "shop:navigated"

export function navigate(path: string, how: "push" | "replace" = "push"): void {
  if (how === "replace") {
    history.replaceState(null, "", path)
  } else {
    history.pushState(null, "", path)
  }
  dispatchEvent(new Event(NAVIGATED))
  scrollTo(0, 0)
}

export function usePath(): string {
  return useSyncExternalStore(
    (changed) => {
      addEventListener("popstate", changed)
      addEventListener(NAVIGATED, changed)
      return () => {
        removeEventListener("popstate", changed)
        removeEventListener(NAVIGATED, changed)
      }
    },
    () => location.pathname
  )
}

export function Link({
  href,
  ...rest
}: AnchorHTMLAttributes<HTMLAnchorElement> & { href: string }) {
  function follow(event: MouseEvent): void {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button) {
      return
    }
    event.preventDefault()
    navigate(href)
  }
  return <a href={href} onClick={follow} {...rest} />
}
