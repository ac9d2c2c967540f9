// The legend: what the shades mean, and how many cases of each status are in view.
import type { Map } from "maplibre-gl"
import { casesInView } from "./map-cases"
import { ICONS } from "./map-marks"
import { wordOf } from "./map-pointing"
import { URGENCY } from "./map-style"

/** Makes the legend; gives what draws its shades anew. */
export function legend(map: Map, at: HTMLElement): (steps: number[]) => void {
  if (!at.dataset.wordLegend) return () => undefined
  const box = element("div", "legend")
  const [title, ramp, marks] = [element("b"), element("div", "ramp"), element("ul", "marks")]
  title.textContent = at.dataset.wordLegend
  box.append(title, ramp, marks)
  at.append(box)
  map.once("idle", () => place(map, at, box))
  if (at.dataset.casesUrl) map.on("idle", () => marks.replaceChildren(...count(map, at)))
  return (steps) => {
    box.hidden = !steps.length
    ramp.replaceChildren(...steps.length ? shades(steps) : [])
  }
}

/** Puts it where it hides no unit; where there is no such corner, the map moves down beneath it. */
function place(map: Map, at: HTMLElement, box: HTMLElement): void {
  if (box.hidden || !map.getLayer("units-fill")) return
  const [wide, high, all] = [box.offsetWidth + 24, box.offsetHeight + 24, at.clientHeight]
  const free = (top: number) => !map.queryRenderedFeatures([[0, top], [wide, top + high]], { layers: ["units-fill"] }).length
  if (free(0)) return
  if (free(all - high)) return box.classList.add("low")
  if (at.dataset.center || at.clientWidth > 600) return
  const bounds = map.getBounds()
  map.fitBounds(bounds, { padding: { top: high, bottom: 0, left: 0, right: 0 }, duration: 0 })
}

function shades(steps: number[]): HTMLElement[] {
  return [undefined, ...steps].map((edge, i) => {
    const shade = element("span", `shade amount-${i + 1}`)
    shade.textContent = edge === undefined ? "" : edge.toLocaleString(document.documentElement.lang)
    return shade
  })
}

function count(map: Map, at: HTMLElement): HTMLElement[] {
  const found = casesInView(map)
  return [...URGENCY].reverse().filter((status) => found[status]).map((status) => {
    const row = element("li")
    const disc = element("span", `mark is-${status}`)
    disc.innerHTML = `<svg class="icon" aria-hidden="true"><use href="${at.dataset.icons}#${ICONS[status]}"></use></svg>`
    const number = element("b")
    number.textContent = (found[status] ?? 0).toLocaleString(document.documentElement.lang)
    row.append(disc, wordOf(at, status), number)
    return row
  })
}

function element(name: string, of = ""): HTMLElement {
  const made = document.createElement(name)
  if (of) made.className = of
  return made
}
