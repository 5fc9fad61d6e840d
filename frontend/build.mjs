// Builds app/static/vendor and manifest.json; with --check builds beside it and compares.
import {createHash} from "node:crypto";
import {mkdir, mkdtemp, readFile, readdir, rm, writeFile} from "node:fs/promises";
import {tmpdir} from "node:os";
import {dirname, join} from "node:path";
import {fileURLToPath} from "node:url";
import {build} from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const vendor = join(here, "../app/static/vendor");
const manifestFile = join(here, "manifest.json");
const LICENCE_NAMES = /^(licen[cs]e|copying)(\.\w+)?$/i;
const ENTRIES = ["src/bootstrap.css", "src/htmx.js", "src/viewer.js"];

async function bundle(target) {
  const result = await build({
    absWorkingDir: here,
    entryPoints: ENTRIES,
    outdir: target,
    bundle: true,
    minify: true,
    format: "iife",
    target: ["es2022"],
    legalComments: "none",
    metafile: true,
    logLevel: "warning",
  });
  return Object.keys(result.metafile.inputs);
}

function packagesOf(inputs) {
  const names = inputs.map((path) => path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1]).filter(Boolean);
  return [...new Set(names)].sort();
}

async function licenceOf(name) {
  const folder = join(here, "node_modules", name);
  const about = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  const file = (await readdir(folder)).find((entry) => LICENCE_NAMES.test(entry));
  if (!file) throw new Error(`${name} carries no licence text`);
  const text = (await readFile(join(folder, file), "utf8")).replaceAll("\r\n", "\n").trim();
  return `${name} ${about.version} (${about.license})\n${"-".repeat(72)}\n${text}\n`;
}

async function produce(target) {
  await mkdir(target, {recursive: true});
  const packages = packagesOf(await bundle(target));
  const texts = await Promise.all(packages.map(licenceOf));
  await writeFile(join(target, "THIRD_PARTY_LICENSES"), texts.join("\n\n"));
}

async function hashes(folder) {
  const entries = [];
  for (const name of (await readdir(folder)).sort()) {
    const digest = createHash("sha256").update(await readFile(join(folder, name))).digest("hex");
    entries.push([name, digest]);
  }
  return `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`;
}

async function check() {
  const scratch = await mkdtemp(join(tmpdir(), "frontend-"));
  try {
    await produce(scratch);
    if (await hashes(scratch) !== await readFile(manifestFile, "utf8")) {
      console.error("The committed bundles are not what the sources give; run: npm run build");
      process.exitCode = 1;
    }
  } finally {
    await rm(scratch, {recursive: true});
  }
}

async function rebuild() {
  await rm(vendor, {recursive: true, force: true});
  await produce(vendor);
  await writeFile(manifestFile, await hashes(vendor));
}

await (process.argv.includes("--check") ? check() : rebuild());
