/**
 * One configuration, three layers, chosen by TEST_TYPE:
 * unit (beside the code), modules (a module on PostgreSQL), http (a whole Medusa).
 */
const layers = {
  unit: ["**/src/**/__tests__/**/*.spec.ts"],
  modules: ["**/integration-tests/modules/**/*.spec.ts"],
  http: ["**/integration-tests/http/**/*.spec.ts"],
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
        sourceMaps: "inline",
      },
    ],
  },
  moduleFileExtensions: ["ts", "tsx", "js", "json"],
  modulePathIgnorePatterns: ["<rootDir>/.medusa/", "<rootDir>/.cache/"],
  testTimeout: layer === "unit" ? 20_000 : 120_000,
}
