using CapOrleans.Contracts.Incidents;

// The contracts project sees nothing but attributes; their serializers are generated here.
[assembly: GenerateCodeForDeclaringAssembly(typeof(IncidentReport))]
