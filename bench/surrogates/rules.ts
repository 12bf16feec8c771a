/** Keeps all but the identifiers, so that what is measured is neither redacted away nor left alone. */
export const RULES = JSON.stringify({
  fhirPathRules: [
    { path: 'Resource.id', method: 'tokenize', domain: 'fhir' },
    { path: "nodesByType('Reference').reference", method: 'tokenize', domain: 'fhir' },
    { path: 'Resource', method: 'keep' },
  ],
});
