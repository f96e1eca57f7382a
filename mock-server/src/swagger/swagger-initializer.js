window.onload = () => {
  // Links into the vendor's older pages begin with #!/.
  if (location.hash.startsWith("#!/")) {
    location.replace("#" + location.hash.slice(2));
  }
  window.ui = SwaggerUIBundle({
    urls: [
      { name: "OpenAPI 3.1", url: "../docs/v3" },
      { name: "OpenAPI 3.0", url: "../docs/v3/openapi-3.0" },
    ],
    dom_id: "#swagger-ui",
    deepLinking: true,
    displayOperationId: true,
    docExpansion: "list",
    // The badge would be somebody else's picture.
    validatorUrl: null,
    presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
    layout: "StandaloneLayout",
  });
};
