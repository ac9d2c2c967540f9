// Tabs, filters and pages of a list change in place: the address moves with them, the map stays where it is. Whoever has
// no script follows the same links.
import { PUT, RENEWED } from "./renewing"

const LINKS = ".list .tabs li > a, .list .filters a:not([download]), .list .paging a"
const PATIENCE = 200 // ms after which something is shown in place of the rows

export function inplace(): void {
  document.addEventListener("click", (event) => {
    const link = (event.target as HTMLElement).closest?.<HTMLAnchorElement>(LINKS)
    if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return
    if (new URL(link.href).pathname !== location.pathname) return
    event.preventDefault()
    void go(link.href, true)
  })
  window.addEventListener("popstate", () => { if (document.querySelector(".list")) void go(location.href, false) })
}

async function go(href: string, push: boolean): Promise<void> {
  const list = document.querySelector<HTMLElement>(".list")
  if (!list) return location.assign(href)
  const timer = window.setTimeout(() => wait(list), PATIENCE)
  const answer = await fetch(href, { headers: { Accept: "text/html" } }).catch(() => undefined)
  clearTimeout(timer)
  const next = answer?.ok && !answer.redirected ? new DOMParser().parseFromString(await answer.text(), "text/html") : undefined
  const fresh = next?.querySelector<HTMLElement>(".list")
  if (!next || !fresh) return location.assign(href)
  if (push) history.pushState({}, "", href)
  list.replaceWith(fresh)
  document.title = next.title
  const [map, other] = [document, next].map((page) => page.querySelector<HTMLElement>(".map[data-marks-url]"))
  if (map && other) map.dataset.marksUrl = other.dataset.marksUrl
  document.dispatchEvent(new Event(RENEWED))
  document.dispatchEvent(new Event(PUT))
  fresh.querySelector<HTMLElement>(".tabs [aria-current]")?.focus({ preventScroll: true })
}

/** What stands in place of the rows while they are on their way. */
function wait(list: HTMLElement): void {
  const rows = list.querySelector(".table-scroll, .empty")
  if (!rows) return
  const bones = document.createElement("div")
  bones.className = "skeleton rows-wait"
  bones.setAttribute("aria-busy", "true")
  for (let n = 0; n < 12; n++) bones.append(document.createElement("i"))
  rows.replaceWith(bones)
}
