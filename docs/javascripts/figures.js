// Draws the figures of the notebooks in the colours of the theme; plotly's script is asked for only
// on a page that has one.
(() => {
  const here = document.currentScript.src;
  const figures = [...document.querySelectorAll("div.figure")].filter((div) =>
    div.querySelector("script[type='application/json']"),
  );
  if (!figures.length) return;
  const held = figures.map((div) => JSON.parse(div.querySelector("script").textContent));

  function themed(layout) {
    const style = getComputedStyle(document.body);
    const text = style.getPropertyValue("--md-default-fg-color").trim();
    const faint = style.getPropertyValue("--md-default-fg-color--lightest").trim();
    const themed = {
      ...layout,
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: style.fontFamily, size: 14, ...layout.font, color: text },
      margin: { l: 64, r: 20, t: 48, b: 56, ...layout.margin },
      height: layout.height || 360,
      autosize: true,
    };
    delete themed.width;
    const axes = Object.keys(layout).filter((key) => /^[xy]axis\d*$/.test(key));
    for (const key of new Set(["xaxis", "yaxis", ...axes])) {
      const colours = { gridcolor: faint, linecolor: text, zerolinecolor: faint, tickcolor: text };
      themed[key] = { showline: true, ticks: "outside", ...layout[key], ...colours };
    }
    return themed;
  }

  function draw() {
    figures.forEach((div, k) => {
      const options = { responsive: true, displaylogo: false, displayModeBar: false };
      Plotly.react(div, held[k].data, themed(held[k].layout), options);
    });
  }

  const script = document.createElement("script");
  script.src = new URL("plotly.min.js", here).href;
  script.onload = () => {
    draw();
    const watched = { attributes: true, attributeFilter: ["data-md-color-scheme"] };
    new MutationObserver(draw).observe(document.body, watched);
  };
  document.head.append(script);
})();
