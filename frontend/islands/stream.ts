// One stream a browser: of all tabs of one account one listens to the city and tells the others. When it is closed, the
// next one takes over, and every tab looks once for what was missed between. Where tabs cannot agree, each listens.
export interface Ears { fresh: () => void; stale: () => void; missed: () => void; step: (number: string) => void; alarm: (id: number) => void }

type Said = { kind: "fresh" | "stale" | "missed" } | { kind: "step"; number: string } | { kind: "alarm"; id: number }
type Heard = Said | { kind: "asked" }

const AGAIN = 5_000 // ms; a server that starts answers with errors for a while

export function connect(account: string, ears: Ears): void {
  const hear = (said: Said) => {
    if (said.kind === "step") ears.step(said.number)
    else if (said.kind === "alarm") ears.alarm(said.id)
    else ears[said.kind]()
  }
  if (!navigator.locks || !("BroadcastChannel" in window)) return alone(hear)
  const name = `cityloop.live.${account}`
  const others = new BroadcastChannel(name)
  let listening: Stream | undefined
  others.addEventListener("message", ({ data }: MessageEvent<Heard>) => {
    if (data.kind !== "asked") hear(data)
    else if (listening?.open()) others.postMessage({ kind: "fresh" })
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

interface Stream { close: () => void; open: () => boolean }

/** Opens the stream. It reconnects by itself and asks for what it missed; where the server refused it, it is opened anew. */
function listen(tell: (said: Said) => void): Stream {
  let [stream, later, refused] = [opened(tell), 0, false]
  const watch = (of: EventSource) => {
    of.addEventListener("open", () => { if (refused) { refused = false; tell({ kind: "missed" }) } })
    of.addEventListener("error", () => {
      if (of.readyState !== EventSource.CLOSED) return
      refused = true
      later = window.setTimeout(() => { stream = opened(tell); watch(stream) }, AGAIN)
    })
  }
  watch(stream)
  return {
    close: () => { clearTimeout(later); stream.close() },
    open: () => stream.readyState === EventSource.OPEN,
  }
}

function opened(tell: (said: Said) => void): EventSource {
  const stream = new EventSource("/live")
  stream.addEventListener("open", () => tell({ kind: "fresh" }))
  stream.addEventListener("beat", () => tell({ kind: "fresh" }))
  stream.addEventListener("step", (event) => {
    tell({ kind: "fresh" })
    tell({ kind: "step", number: (JSON.parse((event as MessageEvent<string>).data) as { number: string }).number })
  })
  stream.addEventListener("alarm", (event) => {
    tell({ kind: "fresh" })
    tell({ kind: "alarm", id: (JSON.parse((event as MessageEvent<string>).data) as { alarm: number }).alarm })
  })
  stream.addEventListener("error", () => tell({ kind: "stale" }))
  return stream
}
