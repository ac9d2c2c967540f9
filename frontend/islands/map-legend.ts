// The legend: what the shades mean, and how many cases of each status are in view.
import type { Map } from "maplibre-gl"
import { casesInView } from "./map-cases"
import { ICONS } from "./map-marks"
import { wordOf } from "./map-pointing"
import { URGENCY } from "./map-style"
import type { Collection } from "./map-units"

/** What the legend can be told: new shades; to find a place where it hides no unit, else to have the view moved down. */
export interface Legend { shade: (steps: number[]) => void; place: (down: (top: number) => void) => void }

export function legend(map: Map, at: HTMLElement): Legend {
  if (!at.dataset.wordLegend) return { shade: () => undefined, place: () => undefined }
  const box = element("div", "legend")
  const [title, ramp, marks] = [element("b"), element("div", "ramp"), element("ul", "marks")]
  box.append(title, ramp, marks)
  at.append(box)
  if (at.dataset.casesUrl && !both(at)) map.on("idle", () => marks.replaceChildren(...count(map, at)))
  return {
    shade: (given) => {
      title.textContent = at.dataset.wordLegend ?? ""
      const steps = at.dataset.marksUrl && !both(at) ? [] : given // beside a list the marks matter, not the shades
      box.hidden = !steps.length && !at.dataset.marksUrl
      ramp.replaceChildren(...steps.length ? shades(steps) : [])
    },
    place: (down) => map.once("idle", () => place(map, at, box, down)),
  }
}

/** It tells of the shades and of the marks, as on a wall. */
const both = (at: HTMLElement) => at.dataset.legendMarks !== undefined

function place(map: Map, at: HTMLElement, box: HTMLElement, down: (top: number) => void): void {
  if (box.hidden || !map.getLayer("units-fill")) return
  const [wide, high, all] = [box.offsetWidth + 24, box.offsetHeight + 24, at.clientHeight]
  const free = (top: number) => !map.queryRenderedFeatures([[0, top], [wide, top + high]], { layers: ["units-fill"] }).length
  if (free(0)) return
  if (free(all - high)) return box.classList.add("low")
  if (at.clientWidth < 600) down(high)
}

function shades(steps: number[]): HTMLElement[] {
  return [undefined, ...steps].map((edge, i) => {
    const shade = element("span", `shade amount-${i + 1}`)
    shade.textContent = edge === undefined ? "" : edge.toLocaleString(document.documentElement.lang)
    return shade
  })
}

/** How many marks of each status the list beside has. */
export function countMarks(at: HTMLElement, marks: Collection): void {
  const list = at.querySelector(".legend .marks")
  if (!list || (at.dataset.casesUrl && !both(at))) return
  const found: Record<string, number> = {}
  for (const f of marks.features) found[String(f.properties?.status)] = (found[String(f.properties?.status)] ?? 0) + 1
  const icons = Object.fromEntries(marks.features.map((f) => [String(f.properties?.status), f.properties?.icon as string | undefined]))
  list.replaceChildren(...rows(at, found, icons))
  if (marks.truncated && at.dataset.wordPart) {
    const more = document.createElement("li")
    more.className = "part"
    more.textContent = at.dataset.wordPart
    list.append(more)
  }
  const box = list.closest<HTMLElement>(".legend")
  if (box) box.hidden = !marks.features.length && !box.querySelector(".ramp:not(:empty)")
}

function count(map: Map, at: HTMLElement): HTMLElement[] {
  return rows(at, casesInView(map))
}

function rows(at: HTMLElement, found: Record<string, number>, icons: Record<string, string | undefined> = {}): HTMLElement[] {
  return [...URGENCY].reverse().filter((status) => found[status]).map((status) => {
    const row = element("li")
    const disc = element("span", `mark is-${status}`)
    disc.innerHTML = `<svg class="icon" aria-hidden="true"><use href="${at.dataset.icons}#${icons[status] ?? ICONS[status]}"></use></svg>`
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
