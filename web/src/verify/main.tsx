import { accountTexts as accountEn } from '../account/texts.en.ts';
import { accountTexts as accountEs } from '../account/texts.es.ts';
import { Mantine } from '../design/mantine.tsx';
import { startPage } from '../design/page.tsx';
// After the page's own styles: Mantine's components take these values where both name one.
import 'virtual:mantine-variables.css';
import '../design/mantine.css';
import { verify as en } from './texts.en.ts';
import { verify as es } from './texts.es.ts';
import { VerifyPage } from './verify-page.tsx';

void startPage(
  { account: { en: accountEn, es: accountEs }, verify: { en, es } },
  <Mantine>
    <VerifyPage />
  </Mantine>,
);
