export const verify = {
  title: 'Verify a receipt',
  intro:
    'Check here, without an account, what a receipt of Sello states: who approved which transfer, that this server signed it, and that it stands in the public log.',
  receipt: 'Receipt',
  receipt_about: 'Three parts with dots between them, as the console’s download has it.',
  proof: 'I have a proof file',
  proof_about: 'It begins with c2sp.org/tlog-proof@v1. Without one, this server is asked for it.',
  file: 'From a file',
  check: 'Verify',
  approved_title: 'What was approved',
  by: 'Approved by',
  genuine:
    'The signature fits the key “{{key}}” that this server publishes. Nothing in the receipt was changed.',
  proof_title: 'In the log',
  proof_valid:
    'The decision is entry {{index}} of the log {{origin}}, under a signed checkpoint over {{size}} entries. It cannot be taken out or changed without that being seen.',
  proof_witnesses:
    'The checkpoint also has signatures of witnesses, which this page does not verify: {{names}}.',
  keep_proof: 'Keep the proof beside the receipt',
  no_proof_title: 'Place in the log not checked',
  no_proof_not_yet: 'The decision is not sealed yet. That takes about a second: verify again.',
  no_proof_not_shown: 'The log of this server is not public. Paste a proof file.',
  no_proof_elsewhere: 'This server gives no proof for this receipt. If you have a proof file, paste it.',
  proof_false_title: 'The proof does not hold',
  proof_false_proof_form: 'This is no proof file in the form of c2sp.org/tlog-proof@v1.',
  proof_false_inclusion:
    'It is not a proof for this receipt: the entry that the receipt names is not in that tree.',
  proof_false_form: 'The checkpoint in the proof is damaged.',
  proof_false_key_form: 'The verifier key of this server’s log cannot be read.',
  proof_false_origin: 'The checkpoint is of another log than this server’s.',
  proof_false_unsigned: 'The checkpoint is not signed by this server’s log.',
  proof_false_signature: 'The checkpoint was changed: its signature does not fit.',
  limits_title: 'What this does not show',
  limit_server:
    'That this server is the one you mean: keys and log are its own. Compare the address, or the key with a copy that you got from elsewhere.',
  limit_money: 'That the money moved: a receipt states what was approved, not what a bank did afterwards.',
  limit_tools:
    'To check without trusting this page: keep receipt and proof, and use tools of others. The documentation names some.',
} as const;
