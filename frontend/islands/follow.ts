// The page of a followed case stays true: it asks at which step the case is, and draws itself anew when that changed and
// once a minute for the clock. What someone types is never touched. Hidden pages ask nothing.
import { renew } from "./live"
import { mountAll } from "./start"

const ASK = 15_000
const CLOCK = 60_000
const SLOW = 10 * 60_000 // after so long without news it asks less often

async function draw(): Promise<void> {
  await renew()
  mountAll(document)
}

export function follow(): void {
  const at = document.querySelector<HTMLElement>("[data-follow]")
  if (!at) return
  let step = at.dataset.at ?? ""
  let last = Date.now()
  let asked = 0
  let drawn = Date.now()
  const tick = async () => {
    if (document.hidden) return
    const now = Date.now()
    if (now - drawn >= CLOCK) { drawn = now; return draw() }
    if (now - asked < (now - last > SLOW ? 4 * ASK : ASK)) return
    asked = now
    const answer = await fetch(at.dataset.follow ?? "", { headers: { Accept: "application/json" } }).catch(() => undefined)
    if (!answer?.ok) return
    const told = ((await answer.json()) as { at: string }).at
    if (told === step) return
    step = told
    last = drawn = Date.now()
    await draw()
  }
  window.setInterval(() => void tick(), 5_000)
  document.addEventListener("visibilitychange", () => void tick())
}
