/** A fresh token against forged forms, for a page that this device kept. */
export async function token(): Promise<string> {
  const answer = await fetch("/report/token", { credentials: "same-origin", cache: "no-store" })
  return (await answer.json() as { token: string }).token
}
