// <button data-position="lon,lat">: "use my position". Writes the two inputs and tells the map of the page.
import { RENEWED } from "./renewing"

export const PICKED = "cityloop:picked"

/** Told when somebody is where they report: `data-then` says what follows. */
export const POSITIONED = "cityloop:positioned"

export function position(): void {
  offerPosition(document)
  document.addEventListener("click", (event) => {
    const button = (event.target as HTMLElement).closest?.<HTMLButtonElement>("button[data-position]")
    if (button) ask(button)
  })
  // A page fetched anew is made like the one that stands before the two are compared.
  document.addEventListener(RENEWED, (event) => offerPosition((event as CustomEvent<Document | null>).detail ?? document))
}

/** Shows the buttons, which do nothing without a script. */
export function offerPosition(within: ParentNode): void {
  for (const button of within.querySelectorAll<HTMLButtonElement>("button[data-position]")) button.hidden = !("geolocation" in navigator)
}

/** Asks where one is without a tap, where the page is about nothing else; `wanted` tells whether it still is. */
export function positionNow(wanted: () => boolean): void {
  const button = document.querySelector<HTMLButtonElement>("button[data-position]")
  if (button && !button.hidden) ask(button, wanted)
}

/** Every line of the page that says what became of asking for the position. */
function lines(button: HTMLButtonElement): HTMLElement[] {
  const id = button.dataset.says ?? ""
  const also = document.querySelectorAll<HTMLElement>(`[data-says-too="${CSS.escape(id)}"]`)
  return [...(id ? [document.getElementById(id)] : []), ...also].filter((at) => at !== null)
}

/** How exactly it is known: a phone between high houses may be wrong by a street. */
const ROUGH = 50
function found(button: HTMLButtonElement, metres: number): string | undefined {
  const words = metres > ROUGH ? button.dataset.rough ?? button.dataset.found : button.dataset.found
  return words?.replace("{m}", String(Math.max(1, Math.round(metres))))
}

function ask(button: HTMLButtonElement, wanted = () => true): void {
  button.setAttribute("aria-busy", "true")
  button.dataset.asked = "" // the form is in use: a page that renews itself leaves it
  const done = (words: string | undefined) => {
    button.removeAttribute("aria-busy")
    for (const at of lines(button)) at.textContent = words ?? ""
  }
  for (const at of lines(button)) if (at.dataset.asking) at.textContent = at.dataset.asking
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      if (!wanted()) return done("") // somebody has chosen another place meanwhile
      pick(button.dataset.position ?? "", coords.longitude, coords.latitude, true, button.form ?? document)
      done(found(button, coords.accuracy))
      if (button.dataset.then === "submit") button.form?.requestSubmit()
      else if (button.dataset.then) document.dispatchEvent(new CustomEvent(POSITIONED))
    },
    () => done(button.dataset.denied),
    // Who walks is not where they were a minute ago.
    { enableHighAccuracy: true, timeout: 10_000, maximumAge: button.dataset.rough ? 5_000 : 60_000 },
  )
}

/** Writes a place into the inputs named "lon,lat" and lets everyone on the page know. `look`: maps come near.
 *  `within`: the form it is written for, where others of the page have inputs of the same names. */
export function pick(names: string, lon: number, lat: number, look = false, within: ParentNode = document): void {
  const [lonName, latName] = names.split(",")
  write(within, lonName, lon)
  write(within, latName, lat)
  document.dispatchEvent(new CustomEvent(PICKED, { detail: { lon, lat, look } }))
}

function write(within: ParentNode, name: string | undefined, value: number): void {
  const input = name && within.querySelector<HTMLInputElement>(`[name="${name}"]`)
  if (!input) return
  input.value = value.toFixed(6)
  input.dispatchEvent(new Event("change", { bubbles: true }))
}
