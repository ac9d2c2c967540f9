// Pictures from above: one under the marks of a map, or two of different days beside each other.
import type { Map } from "maplibre-gl"
import { type Picture, SOURCE, sourceOf } from "./map-picture"
import { sides } from "./map-sides"

export function drawImagery(map: Map, at: HTMLElement): void {
  const known = at.dataset.imagery ? JSON.parse(at.dataset.imagery) as Picture[] : []
  if (!known.length) return
  const find = (key: string | null | undefined) => known.find((one) => one.key === key)
  let end: (() => void) | undefined
  const show = (one: Picture | undefined, other: Picture | undefined) => {
    end?.()
    end = undefined
    const [first, last] = inOrder(one, other)
    put(map, last)
    credit(at, [first, last])
    if (first && last) end = sides(map, at, first, last)
    at.dataset.imageryShown = [first?.key, last?.key].filter(Boolean).join(" ")
  }
  const box = at.querySelector<HTMLDetailsElement>("[data-imagery-switch]")
  const [one, other] = box?.querySelectorAll("select") ?? []
  if (!box || !one || !other) return show(find(at.dataset.imageryBefore), find(at.dataset.imageryAfter))
  const asked = new URL(location.href).searchParams
  one.value = find(asked.get("imagery"))?.key ?? ""
  other.value = find(asked.get("with"))?.key ?? ""
  const changed = () => {
    other.disabled = !one.value
    show(find(one.value), one.value ? find(other.value) : undefined)
    keep(one.value, other.disabled ? "" : other.value)
  }
  one.addEventListener("change", changed)
  other.addEventListener("change", changed)
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !box.open) return
    box.open = false
    box.querySelector("summary")?.focus()
  })
  box.hidden = false
  changed()
}

/** The earlier of two on the left; one alone is the last. */
function inOrder(one: Picture | undefined, other: Picture | undefined): [Picture | undefined, Picture | undefined] {
  if (!one || !other || one === other) return [undefined, one ?? other]
  return one.day <= other.day ? [one, other] : [other, one]
}

/** Lays a picture over the ground, under lines of units, names and marks. */
function put(map: Map, of: Picture | undefined): void {
  if (map.getLayer(SOURCE)) map.removeLayer(SOURCE)
  if (map.getSource(SOURCE)) map.removeSource(SOURCE)
  if (!of) return
  map.addSource(SOURCE, sourceOf(of))
  const layers = map.getStyle().layers
  const above = ["units-line", layers.find((layer) => layer.type === "symbol")?.id, "marks"].find((id) => id && map.getLayer(id))
  map.addLayer({ id: SOURCE, type: "raster", source: SOURCE, paint: { "raster-fade-duration": 0 } }, above)
}

/** Whom the pictures come from, beside whom the ground comes from. */
function credit(at: HTMLElement, pictures: (Picture | undefined)[]): void {
  const words = [...new Set(pictures.map((one) => one?.credit).filter(Boolean))].join(" · ")
  let box = at.querySelector<HTMLElement>(".credit")
  if (!box) {
    if (!words) return
    box = document.createElement("p")
    box.className = "credit"
    at.append(box)
  }
  const line = box.querySelector("[data-imagery-credit]") ?? document.createElement("span")
  line.setAttribute("data-imagery-credit", "")
  line.textContent = words && box.textContent?.trim() && !line.isConnected ? ` · ${words}` : words
  box.append(line)
  box.hidden = !box.textContent?.trim()
}

/** What is chosen stays in the address, so that it can be shared. */
function keep(one: string, other: string): void {
  const address = new URL(location.href)
  for (const [name, value] of [["imagery", one], ["with", other]] as const) {
    if (value) address.searchParams.set(name, value)
    else address.searchParams.delete(name)
  }
  if (address.href !== location.href) history.replaceState(history.state, "", address)
}
