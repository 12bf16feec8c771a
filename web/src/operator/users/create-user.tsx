import { Button, PasswordInput, Radio, Stack, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { idempotencyKey } from '../../api/api.ts';
import type { NewUser } from '../../api/operations.ts';
import { isProblem } from '../../api/problem.ts';
import { Dialog } from '../../design/dialog.tsx';
import { DialogActions } from '../../design/dialog-actions.tsx';
import { ProblemNote, problemText } from '../../design/problem-note.tsx';
import { api } from '../../session/server.ts';
import { CreatedUser } from './created-user.tsx';

const NAME_LENGTH_MAX = 128;
const PASSWORD_LENGTH_MAX = 1024;
const ROLES = ['user', 'auditor'] as const;

const OF_NAME = ['username_taken', 'username_invalid'] as const;
const OF_PASSWORD = ['password_too_short', 'password_too_long'] as const;

/** Creates a user, with a password or with a one-time link to one. */
export function CreateUser({ onClose }: { readonly onClose: () => void }) {
  const { t } = useTranslation('operator');
  const [made, setMade] = useState<NewUser>();
  const title = made ? t('users.created_title', { name: made.username }) : t('users.create_title');
  return (
    <Dialog opened onClose={onClose} title={title}>
      {made ? <CreatedUser made={made} onClose={onClose} /> : <Form onMade={setMade} onClose={onClose} />}
    </Dialog>
  );
}

function Form({
  onMade,
  onClose,
}: {
  readonly onMade: (made: NewUser) => void;
  readonly onClose: () => void;
}) {
  const { t } = useTranslation('operator');
  const common = useTranslation().t;
  const queryClient = useQueryClient();
  const [username, setUsername] = useState('');
  const [role, setRole] = useState<(typeof ROLES)[number]>('user');
  const [byLink, setByLink] = useState(true);
  const [password, setPassword] = useState('');
  // The same content is the same request, so a repeat fetches a link whose answer was lost.
  // biome-ignore lint/correctness/useExhaustiveDependencies: other content is another request
  const once = useMemo(idempotencyKey, [username, role, byLink, password]);
  const create = useMutation({
    mutationFn: () =>
      api(
        'POST /v1/admin/users',
        { body: { username, role, ...(byLink ? {} : { password }) } },
        { idempotencyKey: once },
      ),
    onSuccess(made) {
      onMade(made);
      return queryClient.invalidateQueries({ queryKey: ['operator', 'users'] });
    },
  });
  const { error } = create;
  const ofName = isProblem(error, ...OF_NAME);
  const ofPassword = isProblem(error, ...OF_PASSWORD);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!create.isPending) create.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput
          label={t('users.name')}
          value={username}
          onChange={({ currentTarget }) => setUsername(currentTarget.value)}
          maxLength={NAME_LENGTH_MAX}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          required
          error={ofName && problemText(error)}
        />
        <Radio.Group
          label={t('users.role')}
          description={t('users.create_role_hint')}
          value={role}
          onChange={(value) => setRole(ROLES.find((each) => each === value) ?? 'user')}
        >
          <Stack gap="xs" mt="xs">
            {ROLES.map((each) => (
              <Radio
                key={each}
                value={each}
                label={t(`users.role_${each}`)}
                description={t(`users.role_${each}_hint`)}
              />
            ))}
          </Stack>
        </Radio.Group>
        <Radio.Group
          label={t('users.create_password')}
          value={byLink ? 'link' : 'password'}
          onChange={(value) => setByLink(value === 'link')}
        >
          <Stack gap="xs" mt="xs">
            <Radio value="link" label={t('users.create_by_link')} />
            <Radio value="password" label={t('users.create_by_password')} />
          </Stack>
        </Radio.Group>
        {!byLink && (
          <PasswordInput
            label={t('users.create_password')}
            value={password}
            onChange={({ currentTarget }) => setPassword(currentTarget.value)}
            maxLength={PASSWORD_LENGTH_MAX}
            autoComplete="new-password"
            required
            visibilityToggleButtonProps={{ 'aria-label': t('users.password_show') }}
            error={ofPassword && problemText(error)}
          />
        )}
        {!ofName && !ofPassword && <ProblemNote error={error} />}
        <DialogActions>
          <Button variant="default" onClick={onClose}>
            {common('cancel')}
          </Button>
          <Button type="submit" loading={create.isPending}>
            {t('users.create_confirm')}
          </Button>
        </DialogActions>
      </Stack>
    </form>
  );
}
