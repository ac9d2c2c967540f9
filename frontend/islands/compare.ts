// Before and after, one over the other, with a slider that works by keyboard too. Without a script they stand side by side.
export function mount(at: HTMLElement): void {
  const was = at.querySelector<HTMLElement>(".was")
  const is = at.querySelector<HTMLElement>(".is")
  if (!was || !is || at.querySelector("input")) return
  const slider = document.createElement("input")
  slider.type = "range"
  slider.min = "0"
  slider.max = "100"
  slider.value = "50"
  slider.setAttribute("aria-label", at.dataset.word ?? "")
  const show = () => at.style.setProperty("--cut", `${slider.value}%`)
  slider.addEventListener("input", show)
  at.classList.add("over")
  at.append(slider)
  show()
}
