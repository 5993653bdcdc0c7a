// Lists the claims as text that wraps, and tells Python which one is chosen.
const make = (kind, text = "", look = "") => {
  const element = document.createElement(kind)
  element.textContent = text
  if (look) element.className = look
  return element
}

function figure(label, text) {
  const cell = make("td", "", "figure")
  cell.append(make("span", `${label} `, "label"), text)
  return cell
}

function rowOf(claim, choose) {
  const row = make("tr", "", "row")
  row.dataset.name = claim.name
  const name = make("td")
  name.append(make("button", claim.name))
  const verdict = make("td", `${claim.mark} ${claim.verdict}`, "verdict")
  verdict.style.setProperty("--light", claim.light)
  verdict.style.setProperty("--dark", claim.dark)
  row.append(name, figure("published", claim.published), figure("ours", claim.ours), verdict)
  row.onclick = () => choose(claim.name)
  return row
}

function fill(box, data, choose) {
  const table = make("table")
  const head = make("tr")
  for (const [name, look] of [["Claim"], ["Published", "figure"], ["Ours", "figure"], ["Verdict"]])
    head.append(make("th", name, look))
  const body = make("tbody")
  let topic = ""
  for (const claim of data.claims) {
    if (claim.topic !== topic) {
      topic = claim.topic
      const title = make("th", topic)
      title.colSpan = 4
      body.append(make("tr"))
      body.lastChild.append(title)
    }
    body.append(rowOf(claim, choose))
  }
  const top = make("thead")
  top.append(head)
  table.append(make("caption", `${data.claims.length} claims`), top, body)
  box.replaceChildren(table)
  box.scrollTop = 0
}

function mark(box, chosen) {
  for (const row of box.querySelectorAll("tr.row")) {
    const open = row.dataset.name === chosen
    row.classList.toggle("open", open)
    row.querySelector("button").toggleAttribute("aria-current", open)
    if (!open) continue
    // Only the list scrolls, not the page.
    const edge = box.querySelector("thead").offsetHeight
    const above = row.offsetTop - edge, below = row.offsetTop + row.offsetHeight
    if (above < box.scrollTop) box.scrollTop = above
    else if (below > box.scrollTop + box.clientHeight) box.scrollTop = below - box.clientHeight
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  const box = parentElement.querySelector(".claims")
  const choose = name => {
    // At once, before Python has answered.
    mark(box, name)
    setTriggerValue("chosen", name)
  }
  const listed = data.claims.map(claim => claim.name).join("\n")
  if (box.listed !== listed) {
    fill(box, data, choose)
    box.listed = listed
  }
  mark(box, data.chosen)
}
