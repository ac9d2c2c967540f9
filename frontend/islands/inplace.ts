// Tabs, filters and pages of a list change in place: the address moves with them, the map stays where it is. Whoever has
// no script follows the same links.
import { PUT, RENEWED } from "./renewing"

const LINKS = ".list .tabs li > a, .list .filters a:not([download]), .list .paging a"
const PATIENCE = 200 // ms after which something is shown in place of the rows

let shown = "" // the address of the list that stands
let asked: AbortController | undefined // one list at a time: the last click counts

export function inplace(): void {
  shown = address()
  document.addEventListener("click", (event) => {
    const link = (event.target as HTMLElement).closest?.<HTMLAnchorElement>(LINKS)
    if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return
    if (new URL(link.href).pathname !== location.pathname) return
    event.preventDefault()
    void go(link.href, true)
  })
  window.addEventListener("popstate", () => {
    if (address() === shown && !asked) return // within the page, to a part of it
    if (document.querySelector(".list")) void go(location.href, false)
  })
}

const address = () => location.pathname + location.search

async function go(href: string, push: boolean): Promise<void> {
  const list = document.querySelector<HTMLElement>(".list")
  if (!list) return leave(href)
  asked?.abort()
  const mine = asked = new AbortController()
  const timer = window.setTimeout(() => wait(list), PATIENCE)
  const next = await fetched(href, mine.signal)
  clearTimeout(timer)
  if (mine.signal.aborted) return
  asked = undefined
  const fresh = next?.querySelector<HTMLElement>(".list")
  if (!next || !fresh) return leave(href)
  if (push) history.pushState({}, "", href)
  shown = address()
  list.replaceWith(fresh)
  document.title = next.title
  const [map, other] = [document, next].map((page) => page.querySelector<HTMLElement>(".map[data-marks-url]"))
  if (map && other) map.dataset.marksUrl = other.dataset.marksUrl
  document.dispatchEvent(new Event(RENEWED))
  document.dispatchEvent(new Event(PUT))
  fresh.querySelector<HTMLElement>(".tabs [aria-current]")?.focus({ preventScroll: true })
}

/** The page at an address, or nothing where it cannot be had whole. */
async function fetched(href: string, signal: AbortSignal): Promise<Document | undefined> {
  try {
    const answer = await fetch(href, { headers: { Accept: "text/html" }, signal })
    return answer.ok && !answer.redirected ? new DOMParser().parseFromString(await answer.text(), "text/html") : undefined
  } catch {
    return undefined // no network, cut off on the way, or another list was asked for
  }
}

/** Goes there as without a script: an address one is at already would else not be fetched. */
const leave = (href: string) => href === location.href ? location.reload() : location.assign(href)

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
