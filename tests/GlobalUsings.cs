global using CapOrleans.TestHost;
global using CapOrleans.Tests.Support;
global using Xunit;
