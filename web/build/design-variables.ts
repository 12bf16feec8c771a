import {
  convertCssVariables,
  DEFAULT_THEME,
  defaultCssVariablesResolver,
  mergeMantineTheme,
} from '@mantine/core';
import type { Plugin } from 'vite';
import { PALETTE } from '../src/design/palette.ts';
import { theme } from '../src/design/theme.ts';

const SHEETS: Readonly<Record<string, () => string>> = {
  /** The palette as CSS variables such as `--sello-pine-7`, for every page. */
  'virtual:palette.css': () =>
    `:root{${Object.entries(PALETTE)
      .flatMap(([name, shades]) => shades.map((shade, index) => `--sello-${name}-${index}:${shade}`))
      .join(';')}}`,
  /**
   * The theme's variables as a file of their own. Mantine would write them into a `<style>` element when the page runs,
   * which a Content-Security-Policy without `unsafe-inline` refuses.
   */
  'virtual:mantine-variables.css': () =>
    convertCssVariables(defaultCssVariablesResolver(mergeMantineTheme(DEFAULT_THEME, theme))),
};

export function designVariables(): Plugin {
  return {
    name: 'sello:design-variables',
    resolveId: (id) => (id in SHEETS ? `\0${id}` : undefined),
    load: (id) => SHEETS[id.slice(1)]?.(),
  };
}
