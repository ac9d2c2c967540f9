// The slider over the day: the map and the list beside it as they were, then back to now.
const WAIT = 90 // while the thumb moves, no more is asked for
const PACE = 700 // between two steps of the play

/** Finds the slider of the page; `show` draws the map as it was at a minute of today, or now. */
export function timeSlider(show: (minute: number | undefined) => Promise<void>): void {
  const form = document.querySelector<HTMLFormElement>("form[data-map-time]")
  const range = form?.querySelector<HTMLInputElement>("input[type=range]")
  const said = form?.querySelector<HTMLElement>("output")
  const play = form?.querySelector<HTMLButtonElement>("[data-play]")
  const now = form?.querySelector<HTMLElement>("[data-now]")
  if (!form || !range || !said || !play || !now) return
  for (const e of form.querySelectorAll<HTMLElement>("[data-without-script]")) e.hidden = true
  play.hidden = false
  let waiting = 0
  let playing = 0

  const say = () => {
    const minute = Number(range.value)
    const last = minute >= Number(range.max)
    const words = last ? (form.dataset.wordNow ?? "") : clock(minute)
    said.textContent = words
    range.setAttribute("aria-valuetext", words)
    now.hidden = last
    form.classList.toggle("is-past", !last)
    return last ? undefined : minute
  }
  const go = () => {
    const minute = say()
    address(minute)
    window.clearTimeout(waiting)
    waiting = window.setTimeout(() => { show(minute).catch(() => undefined) }, WAIT)
  }
  const stop = () => { window.clearInterval(playing); playing = 0; pressed() }
  const pressed = () => {
    play.setAttribute("aria-pressed", String(playing !== 0))
    play.querySelector("use")?.setAttribute("href", `${(play.querySelector("use")?.getAttribute("href") ?? "").split("#")[0]}#${playing ? "player-pause" : "player-play"}`)
  }
  range.addEventListener("input", () => { stop(); go() })
  form.addEventListener("submit", (event) => event.preventDefault())
  now.addEventListener("click", (event) => { event.preventDefault(); stop(); range.value = range.max; go(); range.focus() })
  play.addEventListener("click", () => {
    if (playing) return stop()
    if (Number(range.value) >= Number(range.max)) range.value = "0"
    go()
    playing = window.setInterval(() => {
      range.stepUp()
      go()
      if (Number(range.value) >= Number(range.max)) stop()
    }, PACE)
    pressed()
  })
  const minute = say()
  if (minute !== undefined) show(minute).catch(() => undefined)
}

/** The time of day so many minutes after the day began. */
function clock(minutes: number): string {
  const two = (n: number) => String(n).padStart(2, "0")
  return `${two(Math.floor(minutes / 60) % 24)}:${two(minutes % 60)}`
}

/** The address says what is shown, so that it can be shared and is kept when the page renews itself. */
function address(minute: number | undefined): void {
  const url = new URL(location.href)
  if (minute === undefined) url.searchParams.delete("at")
  else url.searchParams.set("at", String(minute))
  history.replaceState(history.state, "", url)
}
