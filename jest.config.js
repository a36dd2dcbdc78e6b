/**
 * One configuration, six layers, chosen by TEST_TYPE:
 * unit (beside the code), modules (a module on PostgreSQL), http (a whole Medusa),
 * e2e (a shop and a browser), package (the tarball in somebody else's shop), crash (a shop that
 * is killed). `npm test` sets it, with the database and the browser.
 */
const layers = {
  unit: ["**/src/**/__tests__/**/*.spec.ts"],
  modules: ["**/integration-tests/modules/**/*.spec.ts"],
  http: ["**/integration-tests/http/**/*.spec.ts"],
  e2e: ["**/integration-tests/e2e/**/*.spec.ts"],
  package: ["**/integration-tests/package/**/*.spec.ts"],
  crash: ["**/integration-tests/crash/**/*.spec.ts"],
}

const layer = process.env.TEST_TYPE ?? "unit"

module.exports = {
  testEnvironment: "node",
  testMatch: layers[layer],
  transform: {
    "^.+\\.[jt]sx?$": [
      "@swc/jest",
      {
        jsc: {
          parser: { syntax: "typescript", tsx: true, decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          target: "es2022",
        },
        // The scripts are modules, and what starts shops is theirs.
        module: { ignoreDynamic: true },
        sourceMaps: "inline",
      },
    ],
  },
  moduleFileExtensions: ["ts", "tsx", "js", "json"],
  modulePathIgnorePatterns: ["<rootDir>/.medusa/", "<rootDir>/.cache/"],
  // Medusa logs every migration; failures are reported all the same.
  silent: layer !== "unit",
  testTimeout: layer === "unit" ? 20_000 : 120_000,
}
