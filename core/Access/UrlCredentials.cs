using System.Text;

namespace CapOrleans.Core.Access;

/// <summary>User and password in a node's URL, which HTTP clients ignore.</summary>
public static class UrlCredentials
{
    /// <returns>What follows <c>Basic</c> in the Authorization header; null for a URL without credentials.</returns>
    public static string? Basic(Uri url) =>
        url.UserInfo.Length == 0 ? null : Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(url.UserInfo)));
}
