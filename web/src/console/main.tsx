import { accountTexts as accountEn } from '../account/texts.en.ts';
import { accountTexts as accountEs } from '../account/texts.es.ts';
import { startPage } from '../design/page.tsx';
// After the page's own styles: Mantine's components take these values where both name one.
import 'virtual:mantine-variables.css';
import '../design/mantine.css';
import { shellTexts as shellEn } from '../shell/texts.en.ts';
import { shellTexts as shellEs } from '../shell/texts.es.ts';
import { App } from './app.tsx';
import { consoleTexts as en } from './texts.en.ts';
import { consoleTexts as es } from './texts.es.ts';

void startPage(
  {
    account: { en: accountEn, es: accountEs },
    console: { en, es },
    shell: { en: shellEn, es: shellEs },
  },
  <App />,
);
