import { keyVaultContract } from '../../contract/key-vault.ts';
import { createVaultFixture } from '../../contract/vault-fixture.ts';

keyVaultContract('sealed file', () => createVaultFixture());
// With room for two keys, nearly every call evicts one.
keyVaultContract('sealed file, few keys unwrapped', () => createVaultFixture({ unwrappedKeysMax: 2 }));
