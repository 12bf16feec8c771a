import 'i18next';
import type { accountTexts } from './account/texts.en.ts';
import type { consoleTexts } from './console/texts.en.ts';
import type { common } from './i18n/common.en.ts';
import type { landing } from './landing/texts.en.ts';
import type { operator } from './operator/texts.en.ts';
import type { shellTexts } from './shell/texts.en.ts';
import type { token } from './token/texts.en.ts';
import type { verify } from './verify/texts.en.ts';

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'common';
    resources: {
      account: typeof accountTexts;
      common: typeof common;
      console: typeof consoleTexts;
      landing: typeof landing;
      operator: typeof operator;
      shell: typeof shellTexts;
      token: typeof token;
      verify: typeof verify;
    };
  }
}
