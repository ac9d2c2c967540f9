// Finds the islands on a page and loads the code of each only where it is.
import { menus } from "./menus"
import { once } from "./once"
import { position } from "./position"
import { PUT } from "./renewing"

const islands: Record<string, () => Promise<{ mount: (at: HTMLElement) => unknown }>> = {
  map: () => import("../map"),
  compare: () => import("./compare"),
  check: () => import("./check"),
}

/** Mounts the islands under an element; what is hidden is mounted when it is shown. */
export function mountAll(root: ParentNode): void {
  for (const at of root.querySelectorAll<HTMLElement>("[data-island]:not([data-mounted])")) {
    if (!around(at).checkVisibility()) continue  // an island may begin hidden; its surroundings may not
    const load = islands[at.dataset.island ?? ""]
    if (!load) continue
    at.dataset.mounted = "soon"
    load().then(
      (island) => { island.mount(at); at.dataset.mounted = "yes" },
      () => { at.dataset.mounted = "failed" },
    )
  }
}

/** Gives what an island stands in; a box that the layout dissolves is none, and never visible. */
function around(at: HTMLElement): HTMLElement {
  let up = at.parentElement
  while (up && getComputedStyle(up).display === "contents") up = up.parentElement
  return up ?? at
}

/** A page that came back with a fault stands where its form was sent: it takes its own address, to renew itself by it. */
function ownAddress(): void {
  const own = document.querySelector<HTMLElement>("[data-self]")?.dataset.self
  if (own && own !== location.pathname) history.replaceState(history.state, "", own + location.hash)
}

export function start(): void {
  document.documentElement.dataset.script = "on"
  ownAddress()
  mountAll(document)
  menus()
  once()
  position()
  sayFirst()
  document.addEventListener(PUT, () => mountAll(document))
}

/** After an action the page is a new one, and a status that was there at its start is not read out: one stands at it.
 *  A row one had chosen keeps its keys. */
function sayFirst(): void {
  if (document.activeElement !== document.body || document.querySelector("[data-row][data-selected]")) return
  document.querySelector<HTMLElement>("[data-told-first]")?.focus({ preventScroll: true })
}
