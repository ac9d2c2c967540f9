// One stream a browser: of all tabs of one account one listens to the city and tells the others. When it is closed, the
// next one takes over, and every tab looks once for what was missed between. Where tabs cannot agree, each listens.
export interface Ears { fresh: () => void; stale: () => void; missed: () => void; step: (number: string) => void }

type Said = { kind: "fresh" | "stale" | "missed" } | { kind: "step"; number: string }
type Heard = Said | { kind: "asked" }

export function connect(account: string, ears: Ears): void {
  const hear = (said: Said) => (said.kind === "step" ? ears.step(said.number) : ears[said.kind]())
  if (!navigator.locks || !("BroadcastChannel" in window)) return alone(hear)
  const name = `cityloop.live.${account}`
  const others = new BroadcastChannel(name)
  let listening: EventSource | undefined
  others.addEventListener("message", ({ data }: MessageEvent<Heard>) => {
    if (data.kind !== "asked") hear(data)
    else if (listening?.readyState === EventSource.OPEN) others.postMessage({ kind: "fresh" })
  })
  const tell = (said: Said) => { hear(said); others.postMessage(said) }
  others.postMessage({ kind: "asked" }) // a tab just opened need not wait for the next beat
  void navigator.locks.request(name, () => new Promise<void>((leave) => {
    let began = false
    const stream = listening = listen((said) => {
      tell(said)
      if (said.kind !== "fresh" || began) return
      began = true
      tell({ kind: "missed" })
    })
    window.addEventListener("pagehide", () => { stream.close(); leave() }, { once: true })
  }))
  // A page that comes back from the browser's memory has no stream and no place in the line any more.
  window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload() })
}

function alone(hear: (said: Said) => void): void {
  let stream = listen(hear)
  window.addEventListener("pagehide", () => stream.close())
  window.addEventListener("pageshow", (event) => { if (event.persisted) { stream = listen(hear); hear({ kind: "missed" }) } })
}

/** Opens the stream. It reconnects by itself, and then asks for what it missed. */
function listen(tell: (said: Said) => void): EventSource {
  const stream = new EventSource("/live")
  stream.addEventListener("open", () => tell({ kind: "fresh" }))
  stream.addEventListener("beat", () => tell({ kind: "fresh" }))
  stream.addEventListener("step", (event) => {
    tell({ kind: "fresh" })
    tell({ kind: "step", number: (JSON.parse((event as MessageEvent<string>).data) as { number: string }).number })
  })
  stream.addEventListener("error", () => tell({ kind: "stale" }))
  return stream
}
