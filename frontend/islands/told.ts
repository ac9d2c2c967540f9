// What is told of a case in three parts, of which one is shown; without a script all three stand below each other.
import { PUT } from "./renewing"

export function told(): void {
  show()
  window.addEventListener("hashchange", () => show())
  document.addEventListener(PUT, () => show())
}

let last = ""

function show(): void {
  const box = document.querySelector<HTMLElement>("[data-told]")
  if (!box) return
  const links = [...box.querySelectorAll<HTMLAnchorElement>(".told-tabs a")]
  const names = links.map((link) => link.hash.slice(1))
  const wanted = names.includes(location.hash.slice(1)) ? location.hash.slice(1) : last || names[0]
  last = wanted ?? ""
  for (const link of links) {
    if (link.hash.slice(1) === wanted) link.setAttribute("aria-current", "true")
    else link.removeAttribute("aria-current")
  }
  for (const name of names) {
    const part = document.getElementById(name)
    if (part) part.hidden = name !== wanted
  }
}
