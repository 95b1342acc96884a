using System.Text;

namespace CapOrleans.Core.Access;

/// <summary>User and password in a node's URL, which HTTP clients drop.</summary>
public static class UrlCredentials
{
    /// <returns>What stands behind <c>Basic</c> in the header Authorization; null for a URL without any.</returns>
    public static string? Basic(Uri url) =>
        url.UserInfo.Length == 0 ? null : Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(url.UserInfo)));
}
