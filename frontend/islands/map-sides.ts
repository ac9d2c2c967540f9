// Two pictures of one place: the later on the map itself, the earlier on a second map over its left part, moved with it.
import * as maplibre from "maplibre-gl"
import { type Picture, SOURCE, sourceOf } from "./map-picture"
import { RENEWED } from "./renewing"

const STEP = 1_000 // ms until what was changed on the map is drawn on its earlier side too

/** Shows the earlier picture left of a divider and the later right of it; gives what ends it. */
export function sides(map: maplibre.Map, at: HTMLElement, before: Picture, after: Picture): () => void {
  const holder = element("div", "side-before")
  holder.setAttribute("aria-hidden", "true")
  map.getCanvas().after(holder)
  const earlier = new maplibre.Map({
    container: holder, style: styleOf(map, before), center: map.getCenter(), zoom: map.getZoom(), maxZoom: map.getMaxZoom(),
    interactive: false, attributionControl: false,
  })
  earlier.on("styleimagemissing", ({ id }: { id: string }) => {
    const known = map.getImage(id)
    if (known && !earlier.hasImage(id)) earlier.addImage(id, known.data as never, { pixelRatio: known.pixelRatio })
  })
  const follow = () => earlier.jumpTo({ center: map.getCenter(), zoom: map.getZoom() })
  map.on("move", follow)
  const waiting: number[] = []
  const later = (call: () => void) => () => { waiting.push(window.setTimeout(call, STEP)) }
  const renewed = later(() => renew(earlier, map.getStyle().sources))
  const changed = later(() => earlier.setStyle(styleOf(map, before)))
  document.addEventListener(RENEWED, renewed)
  document.addEventListener("change", changed)
  const parts = divider(at, [captionOf(at.dataset.wordBefore, before), captionOf(at.dataset.wordAfter, after)])
  at.append(...parts)
  at.classList.add("two-sides")
  return () => {
    for (const one of waiting) window.clearTimeout(one)
    document.removeEventListener(RENEWED, renewed)
    document.removeEventListener("change", changed)
    map.off("move", follow)
    earlier.remove()
    for (const one of [holder, ...parts]) one.remove()
    at.classList.remove("two-sides")
  }
}

/** All that is on the map, on another picture. */
function styleOf(map: maplibre.Map, of: Picture): maplibre.StyleSpecification {
  const style = map.getStyle()
  return { ...style, sources: { ...style.sources, [SOURCE]: sourceOf(of) } }
}

/** Gives the earlier side the numbers and marks that the map has by now; what is shown stays until they are there. */
function renew(earlier: maplibre.Map, sources: maplibre.StyleSpecification["sources"]): void {
  for (const [id, of] of Object.entries(sources)) {
    const known = earlier.getSource(id)
    if (of.type === "geojson" && known instanceof maplibre.GeoJSONSource) known.setData(of.data)
    if (of.type === "vector" && of.tiles && known instanceof maplibre.VectorTileSource && String(known.tiles) !== String(of.tiles)) known.setTiles(of.tiles)
  }
}

/** The line between the two, drawn with a finger or moved by the keys of a slider. */
function divider(at: HTMLElement, captions: [string, string]): HTMLElement[] {
  const slider = document.createElement("input")
  slider.type = "range"
  slider.min = "0"
  slider.max = "100"
  slider.value = "50"
  slider.className = "unseen divide-by"
  slider.setAttribute("aria-label", at.dataset.wordDivide ?? "")
  const line = element("div", "divide")
  const grip = element("span", "grip")
  grip.setAttribute("aria-hidden", "true")
  line.append(grip, ...captions.map((words, i) => caption(words, i ? "is" : "was")))
  const show = () => {
    at.style.setProperty("--cut", `${slider.value}%`)
    slider.setAttribute("aria-valuetext", `${slider.value} %`)
  }
  const drag = (event: PointerEvent) => {
    const box = at.getBoundingClientRect()
    slider.value = String(Math.round(100 * (event.clientX - box.left) / box.width))
    show()
  }
  grip.addEventListener("pointerdown", (event) => {
    grip.setPointerCapture(event.pointerId)
    event.preventDefault()
    slider.focus({ preventScroll: true })
  })
  grip.addEventListener("pointermove", (event) => { if (grip.hasPointerCapture(event.pointerId)) drag(event) })
  slider.addEventListener("input", show)
  show()
  return [slider, line]
}

function caption(words: string, side: string): HTMLElement {
  const box = element("span", `when ${side}`)
  box.textContent = words
  return box
}

function captionOf(word: string | undefined, of: Picture): string {
  return [word, of.taken].filter(Boolean).join(" · ")
}

function element(name: string, of: string): HTMLElement {
  const made = document.createElement(name)
  made.className = of
  return made
}
