// Explains terms where they stand. React owns the page's text, so no text is touched: each element
// of the page gets one layer of transparent buttons, as its last child, over the terms in it. The
// page is read when it has stood still for a while, so that a slider does not wait for this.

const QUIET = 250 // ms without a change before the page is read
const OPEN = 120, CLOSE = 250 // ms the pointer rests on a term, and is away, before its tip follows
const UNIT = "[data-testid=stElementContainer]"
// What acts on a click, what is not prose, and what is seen only for a moment.
const SKIP =
  "button, a, summary, [role=tab], [role=radio], [role=option], input, textarea, code, pre, h1, " +
  "style, script, .terms, .katex, [data-testid=stIconMaterial], [data-testid=stTooltipContent], " +
  ".hoverlayer, .xaxislayer-above, .yaxislayer-above, .xaxislayer-below, .yaxislayer-below, " +
  ".updatemenu-container, .slider-container, .menulayer"
// Safari has no idle time to ask for.
const idle = window.requestIdleCallback ?? (work => setTimeout(work))
const BLOCK = "p, li, td, th, h2, h3, h4, h5, h6, text, div"

export default function (component) {
  const { data, parentElement } = component
  const glossary = (parentElement.glossary ??= start(parentElement))
  glossary.use(data)
  // Streamlit lets go also of a call that the next one has overtaken, while the page stays.
  return () => {
    if (parentElement.isConnected) return
    glossary.end()
    parentElement.glossary = undefined
  }
}

function start(root) {
  const areas = ["stMain", "stSidebar"]
  const seen = new Map() // from an element to the places of its terms, as they are covered
  const tip = makeTip(root)
  let terms = [], spelled = new Map(), pattern = null, inMath = new Map()
  let timer = 0

  const later = () => {
    clearTimeout(timer)
    timer = setTimeout(() => idle(read, { timeout: 500 }), QUIET)
  }
  const changes = new MutationObserver(later)
  const sizes = new ResizeObserver(later)
  const scrolled = event => {
    if (event.target.closest?.(UNIT)) later()
    if (event.target !== tip.box) tip.follow()
  }

  // First all places are read, then all buttons are laid: each turn costs the browser a layout.
  function read() {
    const from = performance.now()
    const changed = areas
      .flatMap(area => [...document.querySelectorAll(`[data-testid=${area}] ${UNIT}`)])
      // An element inside another, such as a tab's, is read on its own.
      .filter(unit => !unit.querySelector(UNIT) && !root.contains(unit))
      .map(placesIn)
      .filter(({ unit, layer, now }) => now !== (layer ? seen.get(unit) : "[]"))
    changed.forEach(cover)
    for (const unit of seen.keys()) {
      if (unit.isConnected) continue
      seen.delete(unit)
      sizes.unobserve(unit)
    }
    tip.check()
    changes.takeRecords()
    performance.measure("glossary", { start: from })
  }

  function placesIn(unit) {
    const found = [...firstOfEach(textTerms(unit)), ...mathTerms(unit)]
    const origin = found.length ? unit.getBoundingClientRect() : null
    const places = found.flatMap(term => placed(term, origin))
    return { unit, places, now: JSON.stringify(places), layer: unit.querySelector(":scope > .terms") }
  }

  function cover({ unit, places, now, layer }) {
    if (!seen.has(unit)) sizes.observe(unit)
    seen.set(unit, now)
    const into = layer ?? unit.appendChild(element("span", "terms"))
    const kept = [...into.children]
    const reached = new Set()
    places.forEach((place, i) => {
      show(kept[i] ?? into.appendChild(element("button", "term")), place, !reached.has(place.id))
      reached.add(place.id)
    })
    kept.slice(places.length).forEach(button => button.remove())
  }

  function show(button, { id, said, box, kind }, first) {
    button.type = "button"
    button.className = `term ${kind}`
    button.dataset.term = id
    button.ariaLabel = said
    button.setAttribute("aria-describedby", `term-${id}`)
    // The first of each term in an element is a stop of the Tab key, the others are not.
    button.tabIndex = first ? 0 : -1
    const [left, top, width, height] = box
    Object.assign(button.style, {
      left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px`,
    })
  }

  // The terms in the text of an element; a term may run over several nodes, as λ<sub>bal</sub> does.
  function* textTerms(unit) {
    if (!pattern) return
    const walker = document.createTreeWalker(unit, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT, {
      acceptNode: node =>
        node.nodeType === Node.ELEMENT_NODE
          ? node.matches(SKIP) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_SKIP
          : NodeFilter.FILTER_ACCEPT,
    })
    let block = null, nodes = []
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const around = node.parentElement.closest(BLOCK)
      if (around !== block) {
        yield* matches(nodes)
        block = around
        nodes = []
      }
      nodes.push(node)
    }
    yield* matches(nodes)
  }

  function* matches(nodes) {
    const text = nodes.map(node => node.data).join("")
    for (const match of text.matchAll(pattern)) {
      const range = document.createRange()
      range.setStart(...at(nodes, match.index))
      range.setEnd(...at(nodes, match.index + match[0].length, true))
      const kind = nodes[0].parentElement.closest(".legend") ? "looked-through" : "underlined"
      yield { id: spelled.get(match[0]), said: match[0], rects: range.getClientRects(), kind }
    }
  }

  // The symbols in the equations of an element: the outermost part that is a symbol we explain.
  function* mathTerms(unit) {
    for (const equation of unit.querySelectorAll(".katex-html")) {
      const frame = equation.closest(".katex-display")?.getBoundingClientRect()
      yield* symbols(equation, frame)
    }
  }

  function* symbols(part, frame) {
    for (const child of part.children) {
      const text = child.classList.contains("mord") ? lettersOf(child) : ""
      const id = inMath.get(text)
      if (id) {
        const box = child.getBoundingClientRect()
        // A long equation scrolls sideways.
        if (!frame || (box.left >= frame.left - 1 && box.right <= frame.right + 1))
          yield { id, said: text, rects: [box], kind: "symbol" }
      } else {
        yield* symbols(child, frame)
      }
    }
  }

  changes.observe(document.querySelector("[data-testid=stApp]"), {
    childList: true, subtree: true, characterData: true,
  })
  sizes.observe(document.body)
  document.addEventListener("scroll", scrolled, { capture: true, passive: true })

  return {
    use(data) {
      terms = data.terms
      spelled = new Map(terms.flatMap(term => term.words.map(word => [word, term.id])))
      inMath = new Map(terms.flatMap(term => term.math.map(symbol => [symbol, term.id])))
      pattern = spelling([...spelled.keys()])
      tip.use(data)
      later()
    },
    end() {
      clearTimeout(timer)
      changes.disconnect()
      sizes.disconnect()
      document.removeEventListener("scroll", scrolled, { capture: true })
      tip.end()
      document.querySelectorAll(".terms").forEach(layer => layer.remove())
    },
  }
}

// The letters of a part of an equation, as the glossary spells it. KaTeX has no double-struck 1: it
// is the one before a bracket.
function lettersOf(part) {
  const letters = part.textContent.replace(/\u200b/g, "")
  return letters === "1" && part.nextElementSibling?.textContent === "[" ? "𝟙" : letters
}

// A term is marked where an element first has it; only its symbols in equations are all marked.
function firstOfEach(found) {
  return new Map([...found].reverse().map(term => [term.said.toLowerCase(), term])).values()
}

// Whole words only, the longest first: λ_bal is not λ.
function spelling(words) {
  if (!words.length) return null
  const escaped = words
    .sort((a, b) => b.length - a.length)
    .map(word => word.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"))
  return new RegExp(`(?<![\\p{L}\\p{N}_.])(?:${escaped.join("|")})(?![\\p{L}\\p{N}\\p{M}_])`, "gu")
}

function at(nodes, offset, end = false) {
  for (const node of nodes) {
    if (offset < node.length || (end && offset === node.length)) return [node, offset]
    offset -= node.length
  }
  const last = nodes[nodes.length - 1]
  return [last, last.length]
}

// A term over several nodes is one box a line; a hidden one is none.
function placed({ id, said, rects, kind }, origin) {
  const lines = []
  for (const rect of rects) {
    if (!rect.width || !rect.height) continue
    const line = lines.find(l => rect.top < l.bottom - 2 && rect.bottom > l.top + 2)
    if (!line) lines.push({ left: rect.left, top: rect.top, right: rect.right, bottom: rect.bottom })
    else {
      line.left = Math.min(line.left, rect.left)
      line.right = Math.max(line.right, rect.right)
      line.bottom = Math.max(line.bottom, rect.bottom)
      line.top = Math.min(line.top, rect.top)
    }
  }
  return lines.map(l => {
    const box = [l.left - origin.left, l.top - origin.top, l.right - l.left, l.bottom - l.top]
    return { id, said, kind, box: box.map(v => Math.round(v * 2) / 2) }
  })
}

// One tip for all terms: it follows the pointer's rest, the focus and a tap.
function makeTip(root) {
  const tip = root.querySelector(".glossary-tip")
  const texts = root.querySelector(".glossary-texts")
  let terms = new Map(), shown = null, of = "", rests = null, timer = 0, href = ""

  // A name in a legend stays clickable: its button lets the pointer through.
  const term = event => {
    const under = event.target.closest?.("button.term")
    if (under || !event.target.closest?.(".legend")) return under
    const { clientX: x, clientY: y } = event
    return [...event.target.closest(UNIT).querySelectorAll("button.looked-through")].find(button => {
      const box = button.getBoundingClientRect()
      return x >= box.left && x <= box.right && y >= box.top && y <= box.bottom
    })
  }
  const soon = (action, ms) => {
    clearTimeout(timer)
    timer = setTimeout(action, ms)
  }

  function open(button) {
    clearTimeout(timer)
    if (shown === button && tip.matches(":popover-open")) return
    hide()
    const entry = terms.get(button.dataset.term)
    if (!entry) return
    tip.replaceChildren(...contents(entry))
    tip.ariaLabel = entry.name
    tip.showPopover({ source: button })
    button.ariaExpanded = "true"
    shown = button
    of = entry.id
    place(button.getBoundingClientRect())
  }

  function contents(entry) {
    const typeset = copies(entry)
    const head = element("div", "glossary-head")
    if (entry.symbol) head.append(typeset.shift() ?? "")
    head.append(text("strong", entry.name))
    const equation = entry.equation && element("div", "glossary-equation")
    if (equation) equation.append(typeset.shift() ?? "")
    const unit = text("div", `Unit: ${entry.unit}`)
    unit.className = "glossary-unit"
    const link = text("a", "In the glossary")
    link.href = `${href}${encodeURIComponent(entry.id)}`
    return [head, text("p", entry.sentence), equation, unit, link].filter(Boolean)
  }

  // What Streamlit has typeset for a term in the list out of sight.
  function copies(entry) {
    const line = document.querySelectorAll(".st-key-glossary_typeset li")[entry.place]
    return [...(line?.querySelectorAll(".katex") ?? [])].map(made => made.cloneNode(true))
  }

  function place(anchor) {
    const { width, height } = tip.getBoundingClientRect()
    const below = anchor.bottom + 6 + height <= innerHeight
    const left = Math.max(8, Math.min(anchor.left - 12, innerWidth - width - 8))
    const top = below ? anchor.bottom + 6 : Math.max(8, anchor.top - 6 - height)
    tip.style.left = `${left}px`
    tip.style.top = `${top}px`
  }

  function hide() {
    clearTimeout(timer)
    if (shown) shown.ariaExpanded = "false"
    shown = null
    if (tip.matches(":popover-open")) tip.hidePopover()
  }

  const inside = node => node && (tip.contains(node) || node === shown)
  const listeners = {
    pointermove: event => {
      if (event.pointerType === "touch") return
      const button = term(event)
      const over = button ?? (inside(event.target) ? tip : null)
      if (over === rests) return
      rests = over
      clearTimeout(timer)
      if (button) soon(() => open(button), OPEN)
      else if (!over && shown && shown !== document.activeElement) soon(hide, CLOSE)
    },
    focusin: event => {
      const button = term(event)
      if (button) open(button)
      else if (!inside(event.target)) hide()
    },
    click: event => {
      const button = term(event)
      if (button) open(button)
      else if (!inside(event.target)) hide()
    },
    keydown: event => {
      if (event.key !== "Escape" || !shown) return
      event.stopPropagation()
      if (tip.contains(document.activeElement)) shown.focus()
      hide()
    },
  }
  for (const [name, listener] of Object.entries(listeners))
    document.addEventListener(name, listener, true)

  return {
    box: tip,
    // It moves with its term.
    follow() { if (shown) place(shown.getBoundingClientRect()) },
    // A term that has gone takes its tip with it; its button may be another's by now.
    check() { if (shown && (!shown.isConnected || shown.dataset.term !== of)) hide() },
    use(data) {
      href = data.link
      terms = new Map(data.terms.map((entry, place) => [entry.id, { ...entry, place }]))
      texts.replaceChildren(
        ...data.terms.map(entry => {
          const line = text("span", `${entry.name}. ${entry.sentence} Unit: ${entry.unit}.`)
          line.id = `term-${entry.id}`
          return line
        })
      )
    },
    end() {
      hide()
      for (const [name, listener] of Object.entries(listeners))
        document.removeEventListener(name, listener, true)
    },
  }
}

function element(name, className) {
  const made = document.createElement(name)
  made.className = className
  return made
}

function text(name, words) {
  const made = document.createElement(name)
  made.textContent = words
  return made
}
