import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export interface AxeReport {
  /** Rules that found something to look at and nothing wrong. */
  readonly passed: number;
  readonly violations: readonly string[];
}

interface AxeResults {
  readonly passes: readonly unknown[];
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string | null;
    readonly help: string;
    readonly nodes: readonly {
      readonly target: readonly unknown[];
      readonly html: string;
      readonly failureSummary?: string;
    }[];
  }[];
}

/**
 * Every rule of axe-core that is on by default (WCAG 2.2 A and AA, best practices), or those of `rules`, on the page as
 * it stands.
 */
export async function axe(page: Page, rules?: readonly string[]): Promise<AxeReport> {
  // By the debugger, not by the page: its policy lets no foreign script in, and must not be loosened for this.
  const session = await page.context().newCDPSession(page);
  try {
    const there = await session.send('Runtime.evaluate', { expression: "typeof axe === 'object'" });
    if (there.result.value !== true) await session.send('Runtime.evaluate', { expression: `${AXE};0` });
    const options = {
      resultTypes: ['violations'],
      ...(rules ? { runOnly: { type: 'rule', values: rules } } : {}),
    };
    const { result, exceptionDetails } = await session.send('Runtime.evaluate', {
      expression: `axe.run(${JSON.stringify(options)}).then(({ passes, violations }) => JSON.stringify({ passes: passes.map(({ id }) => id), violations }))`,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails).slice(0, 2_000));
    const { passes, violations }: AxeResults = JSON.parse(String(result.value));
    return {
      passed: passes.length,
      violations: violations.flatMap(({ id, impact, help, nodes }) =>
        nodes.map(
          ({ target, html, failureSummary = '' }) =>
            `${id} (${impact}): ${help}: ${target.join(' ')}: ${html.slice(0, 200)}: ${failureSummary.replace(/\s+/g, ' ')}`,
        ),
      ),
    };
  } finally {
    await session.detach();
  }
}
