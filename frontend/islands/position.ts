// <button data-position="lon,lat">: "use my position". Writes the two inputs and tells the map of the page.
export const PICKED = "cityloop:picked"

/** Told when somebody is where they report: `data-then` says what follows. */
export const POSITIONED = "cityloop:positioned"

export function position(): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>("button[data-position]")) {
    button.hidden = !("geolocation" in navigator)
    button.addEventListener("click", () => ask(button))
  }
}

function ask(button: HTMLButtonElement): void {
  const says = document.getElementById(button.dataset.says ?? "")
  button.setAttribute("aria-busy", "true")
  const done = (words: string | undefined) => {
    button.removeAttribute("aria-busy")
    if (says) says.textContent = words ?? ""
  }
  navigator.geolocation.getCurrentPosition(
    (found) => {
      pick(button.dataset.position ?? "", found.coords.longitude, found.coords.latitude, true)
      done(button.dataset.found)
      if (button.dataset.then === "submit") button.form?.requestSubmit()
      else if (button.dataset.then) document.dispatchEvent(new CustomEvent(POSITIONED))
    },
    () => done(button.dataset.denied),
    { enableHighAccuracy: true, timeout: 10_000, maximumAge: 60_000 },
  )
}

/** Writes a place into the inputs named "lon,lat" and lets everyone on the page know. `look`: maps come near. */
export function pick(names: string, lon: number, lat: number, look = false): void {
  const [lonName, latName] = names.split(",")
  write(lonName, lon)
  write(latName, lat)
  document.dispatchEvent(new CustomEvent(PICKED, { detail: { lon, lat, look } }))
}

function write(name: string | undefined, value: number): void {
  const input = name && document.querySelector<HTMLInputElement>(`[name="${name}"]`)
  if (!input) return
  input.value = value.toFixed(6)
  input.dispatchEvent(new Event("change", { bubbles: true }))
}
