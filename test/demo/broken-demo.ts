import { demo } from '../../src/cli/demo/command.ts';
import { Shell } from '../../src/cli/shell/shell.ts';
import { isRefusal } from '../../src/domain/errors.ts';

/** The demonstration on a server that executes a replay: run by demo.test.ts as a process of its own. */
const shell = new Shell('en', () => {
  throw new Error('the demonstration reads no configuration of the caller');
});
await demo(shell, (services) => ({
  ...services,
  authorise: async (request) => {
    const decided = await services.authorise(request);
    if (!isRefusal(decided) || decided.refused !== 'challenge_spent') return decided;
    return { transactionId: 'again', transfer: request.transfer, at: 0, version: 1, repeated: false };
  },
}));
process.exitCode = shell.exitCode;
