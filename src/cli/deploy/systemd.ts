import { LIMITS } from '../../limits.ts';
import type { DeploymentFile } from './deployment-file.ts';

export interface SystemdOptions {
  /** A system user without a shell. */
  readonly user: string;
  /** Where Sello is installed: `bin/sello` is in it. */
  readonly folder: string;
}

/** Units for systemd 252 or later. `sello@blue` and `sello@green` are two servers of one machine, for upgrades. */
export function systemdUnits(options: SystemdOptions): readonly DeploymentFile[] {
  return [
    {
      name: 'sello@.service',
      content: unit(options, {
        description: 'Sello server %i: authorises transactions',
        after: 'network-online.target sello-vault.service',
        state: 'sello/%i',
        config: '/etc/sello/%i.yaml',
      }),
    },
    {
      name: 'sello-vault.service',
      content: unit(options, {
        description: 'Sello key vault: the one process that opens the keys',
        after: 'network-online.target',
        state: 'sello/vault',
        config: '/etc/sello/vault.yaml',
      }),
    },
  ];
}

interface Unit {
  readonly description: string;
  readonly after: string;
  /** Under /var/lib: its only folder that can be written. */
  readonly state: string;
  readonly config: string;
}

function unit({ user, folder }: SystemdOptions, { description, after, state, config }: Unit): string {
  return `# Made by: sello deploy systemd
[Unit]
Description=${description}
Documentation=file://${folder}/docs/operations.md
Wants=network-online.target
After=${after}
# An HSM or a database may be away for longer than a few attempts take.
StartLimitIntervalSec=0

[Service]
ExecStart=${folder}/bin/sello serve --config ${config} --data-dir /var/lib/${state}
ExecReload=/bin/kill -HUP $MAINPID
User=${user}
Group=${user}
StateDirectory=${state}
StateDirectoryMode=0700
WorkingDirectory=/var/lib/${state}
Environment=NODE_ENV=production
Restart=always
RestartSec=1
# The configuration is wrong, or the HSM refused the PIN: trying that again and again would lock its slot.
RestartPreventExitStatus=2
# What was accepted is answered first.
TimeoutStopSec=${LIMITS.drainTimeMs / 1_000 + 5}
KillMode=mixed
LimitNOFILE=65536
# A core of this process would hold keys.
LimitCORE=0
UMask=0077

# It reads its own files, writes its own folder, and talks to the network.
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
# An HSM in a slot of this machine needs PrivateDevices=no and DeviceAllow= in a drop-in.
PrivateDevices=yes
PrivateUsers=yes
PrivateIPC=yes
ProtectProc=invisible
ProcSubset=pid
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
SystemCallErrorNumber=EPERM
# Not MemoryDenyWriteExecute: the JavaScript engine compiles while it runs.

[Install]
WantedBy=multi-user.target
`;
}
