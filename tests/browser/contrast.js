// Contrast of every visible text, field and drawing with what lies behind it, by WCAG 2.2 (1.4.3, 1.4.11).
() => {
  const numbers = (color) => (color.match(/[\d.]+/g) || []).map(Number);
  const solid = (color) => (numbers(color)[3] ?? 1) === 1;
  const light = (color) => {
    const [r, g, b] = numbers(color).map((value) => { const c = value / 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (one, other) => { const [low, high] = [light(one), light(other)].sort((a, b) => a - b); return (high + 0.05) / (low + 0.05); };
  // All colours that may lie behind a node: one solid colour, or the stops of a gradient and what shines through it.
  const behind = (node) => {
    const found = [];
    for (let at = node; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      const stops = style.backgroundImage.match(/rgba?\([^)]*\)/g) || [];
      found.push(...stops.filter(solid));
      if (stops.length && stops.every(solid)) return found;
      if (solid(style.backgroundColor)) return [...found, style.backgroundColor];
    }
    return [...found, "rgb(255, 255, 255)"];
  };
  const faint = [];
  let looked = 0;
  const check = (what, color, node, least) => {
    looked += 1;
    const worst = Math.min(...behind(node).map((ground) => ratio(color, ground)));
    if (worst < least) faint.push(`${what}: ${worst.toFixed(2)} < ${least}`);
  };
  const seen = (node) => node.getClientRects().length && !node.closest(".hidden, .skip, [hidden]");
  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (words.nextNode()) {
    const node = words.currentNode.parentElement;
    if (!words.currentNode.data.trim() || !seen(node)) continue;
    for (let at = node; at; at = at.parentElement) if (getComputedStyle(at).opacity !== "1") faint.push(`${at.className} is see-through`);
    check(`${node.className || node.localName} "${words.currentNode.data.trim().slice(0, 30)}"`, getComputedStyle(node).color, node, 4.5);
  }
  for (const field of document.querySelectorAll("input:not([type=hidden])")) {
    check("placeholder", getComputedStyle(field, "::placeholder").color, field, 4.5);
    check("typed words", getComputedStyle(field).color, field, 4.5);
    check("edge of a field", getComputedStyle(field).borderTopColor, field.parentElement, 3);
  }
  for (const svg of document.querySelectorAll("svg:not(.symbols)")) if (seen(svg)) check(`drawing in ${svg.parentElement.className}`, getComputedStyle(svg).color, svg, 3);
  return { faint, looked };
}
