import { startPage } from '../design/page.tsx';
import { Landing } from './landing.tsx';
import { landing as en } from './texts.en.ts';
import { landing as es } from './texts.es.ts';

void startPage({ landing: { en, es } }, <Landing />);
