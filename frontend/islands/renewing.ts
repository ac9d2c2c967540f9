// What renews itself, and how often it may.
const SOON = 700 // gathers steps that come together

/** Told to the document when the page was fetched anew: what is drawn beside it follows. */
export const RENEWED = "cityloop:renewed"

/** Calls soon after it is first asked, and never twice within `apart` ms, however often it is asked. */
export function atMost(apart: number, call: () => void): () => void {
  let waiting = 0
  let last = 0
  return () => {
    if (waiting) return
    waiting = window.setTimeout(() => {
      waiting = 0
      last = Date.now()
      call()
    }, Math.max(SOON, last + apart - Date.now()))
  }
}
