// Checks a Cityloop receipt with nothing but Node.js: node verify.mjs RECEIPT.json KEY.json
// RECEIPT: `cityloop ledger receipt NUMBER`, or a promise. KEY: from /.well-known/cityloop-ledger; fetched today, it
// says too whether the city still publishes the seals that the receipt was given with (older ones: ?from=NUMBER).
import { createHash, createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
const sha = (...parts) => parts.reduce((h, p) => h.update(p), createHash("sha256")).digest();
const leaf = (data) => sha(Buffer.of(0), data);
const node = (left, right) => sha(Buffer.of(1), left, right);
// RFC 8785 for what stands on the ledger: strings, safe integers, booleans, null, arrays, objects.
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  return `{${Object.keys(value).sort().map((k) => `${JSON.stringify(k)}:${canonical(value[k])}`).join(",")}}`;
}
// RFC 9162, section 2.1.3.2: from a leaf and its inclusion proof to the root.
function rootFrom(hash, index, size, proof) {
  let [fn, sn, head] = [index, size - 1, hash];
  for (const sibling of proof.map((h) => Buffer.from(h, "hex"))) {
    if (sn === 0) throw new Error("proof too long");
    if (fn % 2 === 1 || fn === sn) {
      head = node(sibling, head);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn >> 1, sn >> 1];
    } else head = node(head, sibling);
    [fn, sn] = [fn >> 1, sn >> 1];
  }
  if (sn === 0) return head;
  throw new Error("proof too short");
}
const [receipt, key] = process.argv.slice(2).map((file) => JSON.parse(readFileSync(file, "utf8")));
const spki = Buffer.from(`302a300506032b6570032100${Buffer.from((key.keys?.at(-1) ?? key).public, "base64").toString("hex")}`, "hex");
const city = createPublicKey({ key: spki, format: "der", type: "spki" });
const faults = [], fault = (where, what) => faults.push(`${where}: ${what}`);
const signed = ({ statement = {}, signature = "" }) => verify(null, Buffer.from(canonical(statement)), city, Buffer.from(signature, "base64"));
if (receipt.promise) {
  const good = signed({ statement: receipt.promise, signature: receipt.signature });
  console.log(good ? `The promise of ${receipt.promise.number} holds.` : "promise: its signature is wrong");
  process.exit(good ? 0 : 1);
}
const seals = new Map(receipt.seals.map(({ statement }) => [statement.number, statement]));
for (const s of receipt.seals) if (!signed(s)) fault(`seal ${s.statement.number}`, "its signature is wrong");
for (const { statement: now } of key.seals ?? [])
  if (seals.has(now.number) && canonical(seals.get(now.number)) !== canonical(now))
    fault(`seal ${now.number}`, "the city publishes another one under this number now");
let prev = "0".repeat(64);
if (receipt.steps.length === 0) fault("receipt", "it holds no sealed step");
receipt.steps.forEach(({ body, seal, index, proof }, i) => {
  const said = JSON.parse(body), where = `step ${i + 1}`;
  if (said.subject !== receipt.subject || said.seq !== i + 1) fault(where, "it is not the next step of this subject");
  if (said.prev !== prev) fault(where, "it does not follow from the step before it");
  prev = sha(body).toString("hex");
  try {
    const { size, root } = seals.get(seal);
    if (rootFrom(leaf(Buffer.from(prev, "hex")), index, size, proof).toString("hex") !== root) fault(where, "it is not under the sealed root");
  } catch (error) { fault(where, error.message); } });
const said = receipt.issued?.statement ?? {}, same = (...names) => names.every((n) => said[n] === receipt[n]);
if (!signed(receipt.issued ?? {})) fault("receipt", "what was signed at its issue does not hold");
else if (!same("number", "subject")) fault("receipt", "it was given out for another case");
else if (said.steps !== receipt.steps.length || said.head !== prev) fault("receipt", "steps were cut off its end");
console.log(faults.join("\n") || `The receipt of ${receipt.number} holds: ${receipt.steps.length} steps.`);
process.exitCode = Math.min(faults.length, 1);
