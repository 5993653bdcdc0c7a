// Tells Python who uses this browser: a random token that is kept here.
const KEY = "synaptarium_person"

const drawn = () => [...crypto.getRandomValues(new Uint8Array(16))]
  .map(byte => byte.toString(16).padStart(2, "0")).join("")

function token() {
  try {
    const kept = localStorage.getItem(KEY)
    if (/^[0-9a-f]{32}$/.test(kept)) return kept
    const made = drawn()
    localStorage.setItem(KEY, made)
    return made
  } catch {
    return "" // storage is switched off
  }
}

export default function ({ data, setStateValue }) {
  if (!data.known) setStateValue("token", token())
}
