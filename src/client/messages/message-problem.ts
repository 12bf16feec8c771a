/**
 * Why a message is not believed.
 *
 * - `form_invalid`: not the form described: other members, headers, algorithms, compression.
 * - `not_for_these_keys`: it is not sealed to these keys.
 * - `altered`: it does not decrypt: a byte was changed, or the key is another.
 * - `signature_invalid`: the signature is not of the sender's key in it.
 * - `sender_other`: the signer's name or key is not that of the correspondent.
 * - `not_addressed`: the signature names other recipients: somebody passed it on.
 * - `recipients_differ`: it is sealed to others than the sender signed for: one was removed or added on the way.
 * - `expired`, `not_yet_valid`: by its own times.
 */
export interface MessageProblem {
  readonly problem:
    | 'form_invalid'
    | 'not_for_these_keys'
    | 'altered'
    | 'signature_invalid'
    | 'sender_other'
    | 'not_addressed'
    | 'recipients_differ'
    | 'expired'
    | 'not_yet_valid';
  /** For a programmer, short. */
  readonly detail?: string;
}

export function problem(code: MessageProblem['problem'], detail?: string): MessageProblem {
  return detail === undefined ? { problem: code } : { problem: code, detail };
}
