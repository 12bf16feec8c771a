// Prints what an image is made of, as CycloneDX: `npm sbom` of the modules, and beside them Node and Debian's packages.
//   node scripts/image-sbom.ts NPM-SBOM DPKG-STATUS
import { readFileSync } from 'node:fs';

interface Sbom {
  readonly components: readonly object[];
}

const [npmFile = '', dpkgFile = ''] = process.argv.slice(2);
const sbom = JSON.parse(readFileSync(npmFile, 'utf8')) as Sbom;
const node = process.versions.node;
const debian = readFileSync(dpkgFile, 'utf8')
  .split('\n\n')
  .filter((paragraph) => /^Status: .* installed$/m.test(paragraph))
  .map((paragraph) => {
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(paragraph)?.[1] ?? '';
    const [name, version] = [field('Package'), field('Version')];
    const purl = `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=${field('Architecture')}`;
    return { type: 'library', 'bom-ref': purl, name, version, purl };
  });
const runtime = {
  ...{ type: 'application', 'bom-ref': `pkg:generic/node@${node}`, name: 'node', version: node },
  purl: `pkg:generic/node@${node}`,
};
process.stdout.write(
  `${JSON.stringify({ ...sbom, components: [...sbom.components, runtime, ...debian] }, undefined, 1)}\n`,
);
