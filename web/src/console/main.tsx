import { startPage } from '../design/page.tsx';
// After the page's own: what both name, Mantine's components take from here.
import 'virtual:mantine-variables.css';
import '../design/mantine.css';
import { App } from './app.tsx';
import { consoleTexts as en } from './texts.en.ts';
import { consoleTexts as es } from './texts.es.ts';

void startPage({ console: { en, es } }, <App />);
