// Before and after of one place: a slider over two pictures that lie on each other. Pointer, touch and arrow keys move it.
// Without it the two stand side by side. See templates/parts/compare.html.

const STEP = 5

export function mount(at: HTMLElement): void {
  const pictures = at.querySelectorAll("img")
  if (pictures.length !== 2) return
  const range = document.createElement("input")
  range.type = "range"
  range.min = "0"
  range.max = "100"
  range.step = String(STEP)
  range.value = "50"
  range.setAttribute("aria-label", at.dataset.wordSlide ?? "")
  const show = () => {
    at.style.setProperty("--at", `${range.value}%`)
    range.setAttribute("aria-valuetext", `${at.dataset.wordBefore ?? ""} ${range.value} %`)
  }
  range.addEventListener("input", show)
  // A pointer moves it smoothly; keys by steps that are seen.
  range.addEventListener("pointerdown", () => { range.step = "0.5" })
  range.addEventListener("keydown", () => { range.step = String(STEP) })
  const line = document.createElement("span")
  line.className = "line"
  at.append(line, range)
  at.classList.add("is-sliding")
  show()
}
