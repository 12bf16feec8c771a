import type { Challenge } from '../../application/challenges/issue-challenges.ts';
import type { LogInRequest } from '../../application/log-in/log-in-by-password.ts';
import type { LogIn } from '../../application/log-in/submit-log-in.ts';
import type { ResumeSessionRequest } from '../../application/sessions/resume-session.ts';
import type { Session } from '../../application/sessions/session.ts';
import type { Authorisation, AuthoriseRequest } from '../../application/transactions/authorisation.ts';
import type { RegisteredUser, RegisterUserRequest } from '../../application/users/register-user.ts';
import type { Refusal } from '../../domain/errors.ts';
import type { MessagingServices } from './messaging-services.ts';

/** The application services that the TCP protocol calls: use cases, bound to their context by src/compose.ts. */
export interface TcpServices {
  registerUser(request: RegisterUserRequest): Promise<RegisteredUser | Refusal>;
  logIn(request: LogInRequest): Promise<LogIn | Refusal>;
  /** Whether administrators are giving the session's user to a new device (`users/recovery.ts`). */
  isBeingRecovered(session: Session): Promise<boolean>;
  resumeSession(request: ResumeSessionRequest): Promise<Session | Refusal>;
  endSession(session: Session): Promise<Refusal | undefined>;
  issueChallenges(session: Session, count: number): Promise<readonly Challenge[] | Refusal>;
  authorise(request: AuthoriseRequest): Promise<Authorisation | Refusal>;

  readonly messaging: MessagingServices;

  /** Counts one error of an address. @returns 0, or the milliseconds until the address may make another */
  takeError(address: string): Promise<number>;
  /** The currency of a transfer that names none. */
  readonly currencyDefault: string;
}
