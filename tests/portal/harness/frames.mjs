/** How smoothly a page moves: the time between its frames, and its long tasks. */

/** @typedef {import("playwright-core").Page} Page */

/** Begins to count. @param {Page} page */
export async function countFrames(page) {
  await page.evaluate(() => {
    const meter = { deltas: /** @type {number[]} */ ([]), longTasks: /** @type {number[]} */ ([]), last: performance.now(), running: true };
    const frame = (/** @type {number} */ now) => {
      if (!meter.running) return;
      meter.deltas.push(now - meter.last);
      meter.last = now;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame((now) => {
      meter.last = now;
      requestAnimationFrame(frame);
    });
    const observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) meter.longTasks.push(entry.duration);
    });
    observer.observe({ type: "longtask" });
    // @ts-expect-error read by framesCounted
    window.__meter = meter;
  });
}

/**
 * @param {Page} page
 * @returns {Promise<{ fps: number, p50: number, p95: number, worst: number, seconds: number, longTasks: number, longTaskMs: number }>}
 */
export async function framesCounted(page) {
  const { deltas, longTasks } = await page.evaluate(() => {
    // @ts-expect-error written by countFrames
    const meter = window.__meter;
    meter.running = false;
    return { deltas: /** @type {number[]} */ (meter.deltas), longTasks: /** @type {number[]} */ (meter.longTasks) };
  });
  const sorted = deltas.toSorted((a, b) => a - b);
  const at = (/** @type {number} */ part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
  const total = deltas.reduce((sum, delta) => sum + delta, 0);
  return {
    fps: (1000 * deltas.length) / total,
    p50: at(0.5),
    p95: at(0.95),
    worst: at(1),
    seconds: total / 1000,
    longTasks: longTasks.length,
    longTaskMs: longTasks.reduce((sum, one) => sum + one, 0),
  };
}
